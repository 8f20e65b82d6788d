import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { AxeResults } from 'axe-core'
import type { Page } from 'playwright-core'
import { expect, it } from 'vitest'
import { type Person, withBrowser } from '../person'

const visit = withBrowser()
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/** The screens that are looked at, and how a person gets there and back. */
const SCREENS: Readonly<Record<string, readonly [there: string, back: string]>> = {
  nodes: ['n', 'n'],
  saved: ['w', 'w'],
  models: ['m', 'm'],
  gallery: ['i', 'i'],
  form: ['v', 'v'],
  exposing: ['Alt+f', 'Escape'],
  grid: ['Alt+b', 'Escape'],
  queue: ['Alt+q', 'Alt+q'],
  templates: ['t', 't'],
  problems: ['e', 'e'],
  timeline: ['Alt+1', 'Alt+1'],
  memory: ['Alt+2', 'Alt+2'],
  log: ['Alt+3', 'Alt+3'],
  palette: ['Control+k', 'Escape'],
  help: ['?', 'Escape'],
  settings: ['Control+,', 'Escape'],
}

async function violations(page: Page, screen: string): Promise<readonly string[]> {
  const found = await page.evaluate(() =>
    (globalThis as unknown as { axe: { run(): Promise<AxeResults> } }).axe.run(),
  )
  return found.violations.flatMap(({ id, nodes }) =>
    nodes.map((node) => `${screen}: ${id}: ${node.html.slice(0, 160)}`),
  )
}

it.each(['dark', 'light'] as const)('%s screens have nothing that keeps anybody out', async (colorScheme) => {
  await visit(
    async ({ page, node, press }: Person) => {
      await node('Sample').waitFor()
      await page.evaluate(AXE)
      const told = [...(await violations(page, 'canvas'))]
      for (const [screen, [there, back]] of Object.entries(SCREENS)) {
        await press(there)
        told.push(...(await violations(page, screen)))
        await press(back)
      }
      expect(told).toEqual([])
    },
    { colorScheme, expected: /status of 404/ }, // a model may have no picture
  )
})

/** Places that more than one key leads to. */
const PLACES: Readonly<Record<string, (person: Person) => Promise<void>>> = {
  'results, a plan, the viewer': async ({ node, press }) => {
    await press('Control+Enter')
    await node('Save').getByRole('img', { name: 'Result 1 of Save' }).click()
  },
  'problems at their nodes': async ({ page, field, press }) => {
    await field('Sample', 'steps').fill('0')
    await press('Control+Enter')
    await page.getByText('This can’t run yet').waitFor()
    await press('Escape')
    await page.getByRole('button', { name: 'Problems' }).click()
  },
  'a menu of a node': async ({ page, node }) => {
    await node('Sample').locator('header').click({ button: 'right' })
    await page.getByRole('menu').waitFor()
  },
  'the choices of a field': async ({ page, field }) => {
    await field('Sample', 'sampler_name').click()
    await page.getByRole('listbox').waitFor()
  },
  'all commands': async ({ page }) => {
    await page.getByRole('button', { name: 'inkloom' }).click()
    await page.getByRole('menu').waitFor()
  },
  'saving under a name': async ({ page, press }) => {
    await press('Control+Shift+s')
    await page.getByRole('dialog').waitFor()
  },
  'adding a node': async ({ page, press }) => {
    await press('a')
    await page.getByRole('dialog').waitFor()
  },
  'notes and groups': async ({ page, node, press }) => {
    await node('Sample').locator('header').click()
    await press('Control+g')
    await press('Escape')
    await press('Control+k')
    await page.getByRole('combobox', { name: 'Commands' }).fill('Markdown')
    await press('Enter')
  },
  'a question before something is lost': async ({ page, field }) => {
    await field('Sample', 'steps').fill('7')
    await page.getByRole('button', { name: 'Close text to image' }).click()
    await page.getByRole('dialog').waitFor()
  },
  'two results compared': async ({ page, node, field, press }) => {
    await field('Size', 'batch_size').fill('2')
    await press('Control+Enter')
    await node('Save').getByRole('img', { name: 'Result 2 of Save' }).waitFor()
    await node('Save').getByRole('img', { name: 'Result 1 of Save' }).click()
    await page.getByRole('button', { name: 'Compare with the next' }).click()
    await page.getByRole('slider', { name: 'How much of the first picture is shown' }).waitFor()
  },
  'how a node came to fail': async ({ page, node, press }) => {
    await press('t')
    await page.getByRole('button', { name: 'Inpainting', exact: true }).click()
    await press('t')
    const chooser = page.waitForEvent('filechooser')
    await node('Picture and mask').getByRole('button', { name: 'Upload a file for image' }).click()
    await (await chooser).setFiles({
      name: 'torn.png',
      mimeType: 'image/png',
      buffer: Buffer.from('no picture'),
    })
    await expect
      .poll(() => node('Picture and mask').getByRole('combobox', { name: 'image' }).textContent())
      .toMatch(/^torn/)
    await press('Control+Enter')
    await node('Picture and mask').getByRole('button', { name: 'Traceback' }).click()
    await page.getByRole('dialog', { name: 'Traceback' }).waitFor()
  },
  'what is known of a model': async ({ page, press }) => {
    await press('m')
    await page.getByRole('button', { name: 'About inklet.safetensors' }).click()
    await page.getByRole('dialog', { name: 'inklet.safetensors' }).waitFor()
  },
  'the mask editor': async ({ page, node, press }) => {
    await press('t')
    await page.getByRole('button', { name: 'Inpainting', exact: true }).click()
    await press('t')
    await press('.')
    await node('Picture and mask').getByRole('button', { name: 'Draw a mask' }).click()
    await page.getByRole('application', { name: 'Picture to draw on' }).waitFor()
    await press('i')
    await press('Escape')
    await page.getByRole('button', { name: 'Keep drawing' }).waitFor()
  },
}

const REFUSED = /status of 400/

it.each(['dark', 'light'] as const)(
  '%s places have nothing that keeps anybody out',
  async (colorScheme) => {
    const told: string[] = []
    for (const [place, go] of Object.entries(PLACES)) {
      await visit(
        async (person) => {
          await person.node('Sample').waitFor()
          await go(person)
          await person.page.evaluate(AXE)
          told.push(...(await violations(person.page, place)))
        },
        { colorScheme, expected: REFUSED },
      )
    }
    expect(told).toEqual([])
  },
  180_000,
)

it.each(['dark', 'light'] as const)(
  '%s screens of a phone have nothing that keeps anybody out',
  async (colorScheme) => {
    await visit(
      async ({ page }) => {
        const rail = page.getByRole('navigation', { name: 'Panels' })
        await page.evaluate(AXE)
        const told: string[] = []
        for (const name of ['Form', 'Gallery', 'Queue']) {
          await rail.getByRole('button', { name }).click()
          await page.waitForTimeout(400)
          told.push(...(await violations(page, name)))
          if (name !== 'Form') await rail.getByRole('button', { name }).click()
        }
        expect(told).toEqual([])
      },
      { colorScheme, viewport: { width: 390, height: 844 } },
    )
  },
)
