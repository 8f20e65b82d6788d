import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { expect, inject, it } from 'vitest'
import { contentOf, withBrowser } from '../person'
import { INKLOOM } from '../start'

const visit = withBrowser()

/** The largest seed, one more than a number of JavaScript can tell from its neighbour, and that neighbour. */
const SEEDS = ['18446744073709551615', '9007199254740993', '9007199254740992']

/** The tab of a template that is open. */
const opened = (page: Page, title: string) =>
  page
    .getByRole('navigation', { name: 'Open workflows' })
    .getByRole('button', { name: new RegExp(`^${title}`, 'i') })
    .last()

async function command(page: Page, name: string): Promise<Buffer> {
  await page.keyboard.press('Control+k')
  await page.getByRole('combobox', { name: 'Commands' }).fill(name)
  const [saved] = await Promise.all([page.waitForEvent('download'), page.keyboard.press('Enter')])
  return contentOf(saved)
}

it('keeps numbers beyond 2^53 to the last digit: in the field, in what runs, in its picture, in files', async () => {
  await visit(async ({ page, node, field, press }) => {
    await field('Sample', 'steps').fill('1')
    for (const seed of SEEDS) {
      await field('Sample', 'seed').fill(seed)
      await page.reload()
      expect(await field('Sample', 'seed').inputValue()).toBe(seed)
      await press('Control+Enter')
      const picture = node('Save').getByRole('img', { name: 'Result 1 of Save' })
      const history = async () =>
        (await (await fetch(`${inject('base')}/api/history?max_items=1`)).text()).replaceAll(' ', '')
      await expect.poll(history).toContain(`"seed":${seed},`)
      await picture.waitFor()
      const bytes = await (
        await fetch(new URL((await picture.getAttribute('src')) ?? '', page.url()))
      ).arrayBuffer()
      expect(Buffer.from(bytes).toString('latin1')).toMatch(new RegExp(`"seed": ?${seed}\\D`))
      expect((await command(page, 'Export for the API')).toString()).toMatch(
        new RegExp(`"seed": ?${seed}\\D`),
      )
    }
  })
}, 90_000)

it.each(['Text to image', 'Inpainting', 'Where words look', 'Sampling by hand'])(
  'exports %s for the API as the server’s own converter does',
  async (title) => {
    await visit(async ({ page, press }) => {
      await page.getByRole('group', { name: /^Sample, node/ }).waitFor()
      await press('t')
      await page.getByRole('button', { name: title, exact: true }).click()
      await opened(page, title).waitFor()
      await press('t')
      const [saved, exported] = [
        await command(page, 'Save a copy as a file'),
        await command(page, 'Export for the API'),
      ]
      const folder = mkdtempSync(join(tmpdir(), 'inkloom-export-'))
      try {
        const path = join(folder, 'saved.json')
        writeFileSync(path, saved)
        const made = execFileSync(INKLOOM, ['convert', path, '--to', 'api'], { encoding: 'utf8' })
        expect(JSON.parse(exported.toString())).toEqual(JSON.parse(made))
      } finally {
        rmSync(folder, { recursive: true, force: true })
      }
    })
  },
)
