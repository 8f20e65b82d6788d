/** What flows do as a person would: by names and roles, keys and the mouse. */

import { type Browser, type BrowserContext, chromium, type Locator, type Page } from 'playwright-core'
import { afterAll, beforeAll, expect, inject } from 'vitest'

/** Milliseconds that something may take to appear. */
const PATIENCE = 20_000

/** What a flow has: a page of its own, with nothing kept from others. */
export interface Person {
  readonly page: Page
  /** Node by title. */
  node(title: string): Locator
  field(node: string, name: string): Locator
  /** Presses the keys of a command, like "Control+Enter". */
  press(keys: string): Promise<void>
  /** Double-clicks where nothing is. */
  doubleClickNothing(): Promise<void>
}

let browser: Browser | undefined

/** Makes `visit` ready for a file of flows. */
export function withBrowser(): (
  flow: (person: Person) => Promise<void>,
  options?: VisitOptions,
) => Promise<void> {
  beforeAll(async () => {
    browser = await chromium.connect(inject('browser'))
  })
  afterAll(async () => {
    await browser?.close()
    browser = undefined
  })
  return visit
}

export interface VisitOptions {
  readonly colorScheme?: 'dark' | 'light'
  readonly locale?: string
  /** Another server than the one that all flows share. */
  readonly base?: string
}

/** Opens the editor for one flow. What the page logs as an error, or its policy forbids, fails the flow. */
export async function visit(
  flow: (person: Person) => Promise<void>,
  { colorScheme = 'dark', locale = 'en-GB', base = inject('base') }: VisitOptions = {},
): Promise<void> {
  if (browser === undefined)
    throw new Error('there is no browser: call withBrowser() in the file of the flow')
  const context = await browser.newContext({ colorScheme, locale, viewport: { width: 1440, height: 900 } })
  const wrong: string[] = []
  try {
    const page = await opened(context, base, wrong)
    await flow(personOf(page))
    expect(wrong).toEqual([])
  } finally {
    await context.close()
  }
}

async function opened(context: BrowserContext, base: string, wrong: string[]): Promise<Page> {
  const page = await context.newPage()
  page.setDefaultTimeout(PATIENCE)
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') wrong.push(message.text())
  })
  page.on('pageerror', (error) => wrong.push(String(error)))
  await page.goto(`${base}/`)
  return page
}

function personOf(page: Page): Person {
  const node = (title: string) => page.getByRole('group', { name: new RegExp(`^${title}, node `) })
  return {
    page,
    node,
    field: (title, name) => node(title).getByLabel(name, { exact: true }),
    press: (keys) => page.keyboard.press(keys),
    async doubleClickNothing() {
      const pane = page.locator('.react-flow__pane')
      const box = await pane.boundingBox()
      if (box === null) throw new Error('the canvas is not there')
      await page.mouse.dblclick(box.x + 24, box.y + box.height - 24)
    },
  }
}
