/** Pictures of the main screens, to be looked at: `SHOTS=folder npm run e2e -- screens`. */

import { join } from 'node:path'
import { describe, inject, it } from 'vitest'
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
  workflows: async ({ page }) => {
    for (const name of ['portraits/anna', 'portraits/ben', 'upscaled sky']) {
      const url = `${inject('base')}/api/userdata/${encodeURIComponent(`workflows/${name}.json`)}`
      await fetch(url, { method: 'POST', body: '{"nodes": [], "links": []}' })
    }
    await page.getByRole('button', { name: 'Saved' }).click()
    await page.getByRole('button', { name: /^anna/ }).hover()
  },
  library: async ({ page, press }) => {
    await press('n')
    await page
      .getByText(/^sampling/)
      .first()
      .click()
    await page.getByRole('button', { name: 'About KSampler', exact: true }).click()
  },
  templates: async ({ page, press }) => {
    await press('t')
    await page.getByText('sd_xl_refiner').waitFor()
  },
  models: async ({ page, press }) => {
    await press('m')
    await page.getByRole('button', { name: 'About inklet.safetensors' }).waitFor()
  },
  gallery: async ({ page, node, press }) => {
    await press('Control+Enter')
    await node('Save')
      .getByRole('img', { name: /^Result 1/ })
      .waitFor()
    await press('i')
    await page
      .getByRole('button', { name: /^Show / })
      .first()
      .waitFor()
  },
  compare: async ({ page, node, field, press }) => {
    const picture = node('Save').getByRole('img', { name: /^Result 1/ })
    for (const steps of ['3', '9']) {
      await field('Sample', 'steps').fill(steps)
      await press('Control+Enter')
      await picture.waitFor()
      await page.getByText('all cached').waitFor()
    }
    await page.getByRole('button', { name: 'Gallery' }).click()
    await page
      .getByRole('button', { name: /^Show / })
      .first()
      .click()
    await page.getByRole('button', { name: 'Compare with the next' }).click()
    await page.getByRole('slider', { name: /^How much/ }).waitFor()
  },
  form: async ({ page, press }) => {
    await press('v')
    await page
      .getByRole('region', { name: 'Fields' })
      .getByRole('button', { name: 'Run', exact: true })
      .click()
    await page.getByRole('img', { name: 'Result 1' }).waitFor()
  },
  exposing: async ({ page, press }) => {
    await press('Alt+f')
    await page.getByRole('checkbox', { name: 'denoise' }).waitFor()
  },
  gridPlan: async ({ page, press }) => {
    await press('Alt+b')
    await page.getByRole('combobox', { name: 'Field of the Columns' }).selectOption({ label: 'steps' })
    await page.getByRole('combobox', { name: 'Field of the Rows' }).selectOption({ label: 'sampler_name' })
  },
  grid: async ({ page, press }) => {
    await press('Alt+b')
    await page.getByRole('combobox', { name: 'Field of the Columns' }).selectOption({ label: 'steps' })
    await page.getByRole('textbox', { name: 'Values of the Columns' }).fill('2, 4, 8')
    await page.getByRole('combobox', { name: 'Field of the Rows' }).selectOption({ label: 'cfg' })
    await page.getByRole('textbox', { name: 'Values of the Rows' }).fill('1, 4')
    await page.getByRole('button', { name: 'Make the grid' }).click()
    await page.getByText('6 of 6').waitFor()
  },
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
