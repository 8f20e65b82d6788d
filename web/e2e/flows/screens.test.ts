/** Pictures of the main screens, to be looked at: `SHOTS=folder npm run e2e -- screens`. */

import { join } from 'node:path'
import { describe, it } from 'vitest'
import { type Person, withBrowser } from '../person'

const visit = withBrowser()
const folder = process.env['SHOTS']

const SCREENS: Readonly<Record<string, (person: Person) => Promise<void>>> = {
  run: async ({ node, press }) => {
    await press('Control+Enter')
    await node('Save')
      .getByRole('img', { name: /^Result 1/ })
      .waitFor()
    await press('.')
  },
  search: async ({ page, doubleClickNothing }) => {
    await doubleClickNothing()
    await page.getByRole('combobox', { name: 'Add a node' }).fill('load')
  },
  nodes: async ({ page, press }) => {
    await press('n')
    await page.getByRole('searchbox').fill('mask')
  },
  palette: async ({ press }) => press('Control+k'),
  help: async ({ press }) => press('?'),
  settings: async ({ press }) => press('Control+,'),
  combo: async ({ field }) => field('Sample', 'sampler_name').click(),
  problems: async ({ page, field, press }) => {
    await field('Sample', 'steps').fill('0')
    await press('Control+Enter')
    await page.getByText('This can’t run yet').waitFor()
    await page.getByRole('button', { name: 'Problems' }).click()
  },
}

describe.skipIf(folder === undefined)('screens', () => {
  for (const theme of ['dark', 'light'] as const) {
    it.each(Object.entries(SCREENS))(`%s, ${theme}`, async (name, show) => {
      await visit(
        async (person) => {
          await person.node('Sample').waitFor()
          await show(person)
          await person.page.screenshot({
            path: join(folder ?? '', `${name}-${theme}.png`),
            animations: 'disabled',
            caret: 'initial',
          })
        },
        { colorScheme: theme },
      ).catch((error: unknown) => {
        if (name !== 'problems') throw error // there the refused request is told by the browser, too
      })
    })
  }
})
