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
  queue: ['Alt+q', 'Alt+q'],
  templates: ['t', 't'],
  problems: ['e', 'e'],
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
    { colorScheme },
  )
})
