import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { AxeResults } from 'axe-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { withBrowser } from '../person'
import { type Started, startServer, stopServer } from '../start'

const visit = withBrowser()
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/** A safetensors file with no more in it than a header. */
function headed(header: object): Buffer {
  const text = Buffer.from(JSON.stringify(header))
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(text.length))
  return Buffer.concat([length, text])
}

const PIXEL =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='

const VECTORS = { emb_params: { dtype: 'F32', shape: [3, 768], data_offsets: [0, 0] } }

const FILES: Readonly<Record<string, Buffer>> = {
  'embeddings/anna.safetensors': headed(VECTORS),
  'embeddings/people/annabel.safetensors': headed(VECTORS),
  'embeddings/two words.safetensors': headed(VECTORS),
  'vae/alpha.safetensors': headed({}),
  'vae/watercolour.safetensors': headed({}),
  'loras/ink.safetensors': headed({ __metadata__: { artist: 'nobody' } }),
  'loras/ink.png': Buffer.from(PIXEL, 'base64'),
  'loras/watercolour.safetensors': headed({}),
}

let root = ''
let server: Started

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'inkloom-e2e-'))
  for (const [name, content] of Object.entries(FILES)) {
    const path = join(root, 'models', name)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, content)
  }
  server = await startServer(root)
}, 90_000)

afterAll(async () => {
  await stopServer(server.process)
  rmSync(root, { recursive: true, force: true })
})

it('says how many tokens the prompt has that is being typed', async () => {
  await visit(
    async ({ page, node, field }) => {
      await node('Prompt').waitFor()
      const text = field('Prompt', 'text')
      const said = (sentence: string) => node('Prompt').getByText(sentence, { exact: true })
      await text.fill('a yellow star')
      await said('3 of 75 tokens; 1 chunk').waitFor()
      expect(await text.evaluate((area) => area.getAttribute('aria-describedby'))).toBe(
        await said('3 of 75 tokens; 1 chunk').getAttribute('id'),
      )
      await text.fill('a (((yellow))) (star:1.3), embedding:anna {red|green|blue}')
      await said('8 of 75 tokens; 1 chunk').waitFor()
      await text.fill('a '.repeat(80))
      await said('80 of 150 tokens; 2 chunks').waitFor()
      await text.fill('embedding:nobody')
      await node('Prompt').getByText('tokens;').waitFor({ state: 'detached' })
      await text.fill('star')
      await said('1 of 75 tokens; 1 chunk').waitFor()

      await field('Save', 'filename_prefix').focus()
      await page.getByText('tokens;').waitFor({ state: 'detached' })
    },
    { base: server.base },
  )
})

it('completes the names of embeddings by keys, and only those that a prompt can say', async () => {
  await visit(
    async ({ page, node, field, press }) => {
      await node('Prompt').waitFor()
      const text = field('Prompt', 'text')
      const names = page.getByRole('listbox', { name: 'Names to complete with' })
      const marked = names.getByRole('option', { selected: true })
      await text.fill('')
      await text.focus()
      await page.keyboard.type('a portrait, (Embedding:')
      await names.waitFor()
      expect((await names.getByRole('option').allTextContents()).sort()).toEqual(['anna', 'people/annabel'])
      await page.keyboard.type('bel')
      await names.getByText('people/annabel', { exact: true }).waitFor()
      await names.getByText('anna', { exact: true }).waitFor({ state: 'detached' })
      await press('Escape')
      await names.waitFor({ state: 'detached' })
      for (const _ of 'bel') await press('Backspace')
      await names.waitFor()

      await page.evaluate(AXE)
      const wrong = await page.evaluate(() =>
        (globalThis as unknown as { axe: { run(): Promise<AxeResults> } }).axe.run(),
      )
      expect(wrong.violations.map(({ id, nodes }) => [id, nodes[0]?.html])).toEqual([])

      const first = await marked.textContent()
      await press('ArrowDown')
      await expect.poll(() => marked.textContent()).not.toBe(first)
      expect(await text.getAttribute('aria-activedescendant')).toBe(await marked.getAttribute('id'))
      expect(await text.getAttribute('aria-controls')).toBe(await names.getAttribute('id'))
      const second = await marked.textContent()
      await press('Enter')
      await names.waitFor({ state: 'detached' })
      expect(await text.inputValue()).toBe(`a portrait, (embedding:${second}`)
      await page.keyboard.type(':1.2)')
      expect(await text.inputValue()).toBe(`a portrait, (embedding:${second}:1.2)`)
      await node('Prompt')
        .getByText(/tokens; 1 chunk/)
        .waitFor()
    },
    { base: server.base },
  )
})

it('finds a model in its loader by typing a part of its name', async () => {
  await visit(
    async ({ page, node, press, doubleClickNothing }) => {
      await node('Sample').waitFor()
      await doubleClickNothing()
      await page.getByRole('combobox', { name: 'Add a node' }).fill('vaeloader')
      await page.getByRole('option', { name: /^Load VAE/, selected: true }).waitFor()
      await press('Enter')
      const loader = node('Load VAE')
      const combo = loader.getByRole('combobox', { name: 'vae_name' })
      await combo.waitFor()
      await page.getByRole('dialog').waitFor({ state: 'hidden' })
      await combo.click()
      const query = page.locator('.popup').getByRole('combobox', { name: 'vae_name' })
      await query.fill('colo')
      await page.getByRole('option', { name: 'watercolour.safetensors', selected: true }).waitFor()
      await press('Enter')
      await query.waitFor({ state: 'detached' })
      await expect.poll(() => combo.textContent()).toBe('watercolour.safetensors')
    },
    { base: server.base },
  )
})

it('asks for pictures and notes of those models only that have some', async () => {
  await visit(
    async ({ page, node, press }) => {
      await node('Sample').waitFor()
      await press('m')
      await page.getByRole('searchbox', { name: 'Search models' }).fill('ink')
      await page.getByRole('button', { name: 'About ink.safetensors' }).click()
      const dialog = page.getByRole('dialog', { name: 'ink.safetensors' })
      await dialog.getByText('nobody').waitFor()
      await dialog.getByRole('img').waitFor()
      await press('Escape')
      await dialog.waitFor({ state: 'detached' })

      const asked: string[] = []
      page.on('request', (request) => asked.push(request.url()))
      await page.getByRole('searchbox', { name: 'Search models' }).fill('watercolour')
      await page.getByRole('button', { name: 'About watercolour.safetensors' }).first().click()
      await page.getByText('Its file says nothing more.').waitFor()
      expect(asked.filter((url) => /preview|view_metadata/.test(url))).toEqual([])
    },
    { base: server.base },
  )
})
