/** Makes the pictures of docs/ and the README: `npm run pictures`, or `PICTURES=folder npm run e2e -- docs_pictures`. */

import { execFileSync } from 'node:child_process'
import { dirname, join } from 'node:path'
import { describe, inject, it } from 'vitest'
import { type Person, type VisitOptions, withBrowser } from '../person'
import { INKLOOM } from '../start'

const visit = withBrowser()
const folder = process.env['PICTURES']

const SIZE = { width: 1400, height: 900 }
const PHONE = { width: 412, height: 892 }

/** Packs a picture as tightly as PNG can. */
const SHRINK = `
import sys
from PIL import Image
Image.open(sys.argv[1]).convert("RGB").save(sys.argv[1], optimize=True)
`

/** Makes the server forget what it has in memory, so that a run shows all that it does. */
async function forgetAll(): Promise<void> {
  const body = JSON.stringify({ unload_models: true, free_memory: true })
  await fetch(`${inject('base')}/api/free`, { method: 'POST', body })
}

interface Scene {
  readonly show: (person: Person) => Promise<void>
  readonly viewport?: VisitOptions['viewport']
}

const result = ({ node }: Person) => node('Save').getByRole('img', { name: 'Result 1 of Save' })

async function run(person: Person, prompt: string): Promise<void> {
  const { field, press, page } = person
  const before = (await result(person).count()) > 0 ? await result(person).getAttribute('src') : ''
  await field('Prompt', 'text').fill(prompt)
  await press('Control+Enter')
  await page.waitForFunction(
    (old) => ![null, old].includes(document.querySelector('.results img')?.getAttribute('src') ?? null),
    before,
  )
}

/** Takes the pointer and the focus away, and shows all. */
async function settle({ page, press }: Person): Promise<void> {
  await page.locator('.react-flow__pane').click({ position: { x: 20, y: 20 } })
  await press('.')
  await page.waitForTimeout(1200)
}

const SCENES: Readonly<Record<string, Scene>> = {
  result: {
    async show(person) {
      await run(person, 'a large red circle on a blue background')
      await settle(person)
    },
  },
  running: {
    async show(person) {
      const { page, node, field, press } = person
      await forgetAll()
      await press('Alt+1')
      await field('Sample', 'steps').fill('90')
      await field('Sample', 'seed').fill(String(Date.now()))
      await press('Control+Enter')
      await settle(person)
      await node('Sample').getByRole('img', { name: 'Preview of Sample' }).waitFor()
      await page.waitForFunction(
        () => Number(document.querySelector('.node-progress')?.getAttribute('value')) > 30,
      )
    },
  },
  explain: {
    async show(person) {
      const { page, node, field } = person
      await run(person, 'a yellow star on a green background')
      await field('Sample', 'steps').fill('12')
      await settle(person)
      await node('Sample').getByText('runs', { exact: false }).first().waitFor()
      await node('Sample').locator('.plan').first().hover()
      await page.waitForTimeout(300)
    },
  },
  templates: {
    async show({ page, press }) {
      await press('t')
      await page.getByRole('button', { name: 'Where words look', exact: true }).waitFor()
      await page.waitForTimeout(1200)
    },
  },
  compare: {
    async show(person) {
      const { page } = person
      await run(person, 'a small green square on a white background')
      await run(person, 'a small blue square on a white background')
      await page.getByRole('button', { name: 'Gallery' }).click()
      const shown = page.getByRole('button', { name: /^Show / })
      await shown.first().click()
      await page.getByRole('button', { name: 'Compare with the next' }).click()
      await page.getByRole('slider', { name: /^How much/ }).waitFor()
      await page.waitForTimeout(600)
    },
  },
  form: {
    viewport: PHONE,
    async show({ page }) {
      await page.getByRole('navigation', { name: 'Panels' }).getByRole('button', { name: 'Form' }).click()
      await page.getByRole('textbox', { name: 'prompt', exact: true }).fill('a yellow star')
      await page
        .getByRole('region', { name: 'Fields' })
        .getByRole('button', { name: 'Run', exact: true })
        .click()
      await page.getByRole('img', { name: 'Result 1' }).waitFor()
      await page.getByRole('region', { name: 'Results' }).scrollIntoViewIfNeeded()
      await page.waitForTimeout(600)
    },
  },
  mask: {
    async show({ page, node, press }) {
      await press('t')
      await page.getByRole('button', { name: 'Inpainting', exact: true }).click()
      await press('t')
      await press('.')
      await node('Picture and mask').getByRole('button', { name: 'Draw a mask' }).click()
      const stage = page.getByRole('application', { name: 'Picture to draw on' })
      await stage.waitFor()
      await press('c')
      const box = await stage.boundingBox()
      const [x, y] = [(box?.x ?? 0) + (box?.width ?? 0) / 2, (box?.y ?? 0) + (box?.height ?? 0) / 2]
      for (const [dx, dy, more] of [
        [-150, -120, 300],
        [-170, -60, 340],
        [-160, 10, 330],
        [-130, 80, 280],
        [-60, 140, 170],
      ] as const) {
        await page.mouse.move(x + dx, y + dy)
        await page.mouse.down()
        await page.mouse.move(x + dx + more, y + dy + 20, { steps: 6 })
        await page.mouse.up()
      }
    },
  },
}

describe.skipIf(folder === undefined)('pictures of the documentation', () => {
  for (const theme of ['light', 'dark'] as const) {
    it.each(Object.entries(SCENES))(`%s, ${theme}`, async (name, { show, viewport = SIZE }) => {
      await visit(
        async (person) => {
          const { page } = person
          await fetch(`${inject('base')}/api/interrupt`, { method: 'POST', body: '{}' }) // the scene before may still run
          if (viewport === SIZE) await person.node('Sample').waitFor()
          await show(person)
          const path = join(folder ?? '', `editor-${name}-${theme}.png`)
          await page.screenshot({ path, animations: 'disabled', caret: 'hide' })
          execFileSync(join(dirname(INKLOOM), 'python'), ['-c', SHRINK, path])
        },
        { colorScheme: theme, viewport },
      )
    })
  }
})
