/** What flows do as a person would: by names and roles, keys and the mouse. */

import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  type Browser,
  type BrowserContext,
  chromium,
  type Download,
  type Locator,
  type Page,
} from 'playwright-core'
import { afterAll, beforeAll, expect, inject } from 'vitest'

/** Milliseconds that something may take to appear. */
const PATIENCE = 20_000

/** A folder that the editor was built into elsewhere, to be looked at in place of the server's. */
const EDITOR = process.env['EDITOR_BUILT']

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
  /** What the browser logs in this flow and may: that a request was refused, say. */
  readonly expected?: RegExp
  readonly viewport?: { readonly width: number; readonly height: number }
  /** Whether the screen feels fingers (`fingers.ts`). */
  readonly touch?: boolean
}

/** Opens the editor for one flow. What the page logs as an error, or its policy forbids, fails the flow. */
export async function visit(
  flow: (person: Person) => Promise<void>,
  {
    colorScheme = 'dark',
    locale = 'en-GB',
    base = inject('base'),
    expected,
    viewport = { width: 1440, height: 900 },
    touch = false,
  }: VisitOptions = {},
): Promise<void> {
  if (browser === undefined)
    throw new Error('there is no browser: call withBrowser() in the file of the flow')
  const context = await browser.newContext({ colorScheme, locale, viewport, hasTouch: touch })
  await forgetSettings(base)
  const wrong: string[] = []
  try {
    const page = await opened(context, base, wrong)
    await flow(personOf(page))
    expect(wrong.filter((one) => expected?.test(one) !== true)).toEqual([])
  } finally {
    await context.close()
  }
}

/** Settings lie on the server, where those of the last flow would still be. */
async function forgetSettings(base: string): Promise<void> {
  const known = (await (await fetch(`${base}/api/settings`)).json()) as Readonly<Record<string, unknown>>
  const nothing = Object.fromEntries(Object.keys(known).map((id) => [id, null]))
  await fetch(`${base}/api/settings`, { method: 'POST', body: JSON.stringify(nothing) })
}

/** Returns what the browser has saved on the person's disk. */
export async function contentOf(saved: Download): Promise<Buffer> {
  const folder = mkdtempSync(join(tmpdir(), 'inkloom-saved-'))
  try {
    await saved.saveAs(join(folder, 'file'))
    return readFileSync(join(folder, 'file'))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Drops a file on the window, or on something in it, as from another one. */
export async function drop(page: Page, name: string, bytes: Uint8Array, on = '.app'): Promise<void> {
  const data = await page.evaluateHandle(
    ([called, letters]) => {
      const transfer = new DataTransfer()
      const content = Uint8Array.from(atob(letters), (letter) => letter.charCodeAt(0))
      transfer.items.add(new File([content], called, { type: called.endsWith('.png') ? 'image/png' : '' }))
      return transfer
    },
    [name, Buffer.from(bytes).toString('base64')] as const,
  )
  await page.dispatchEvent(on, 'drop', { dataTransfer: data })
}

async function opened(context: BrowserContext, base: string, wrong: string[]): Promise<Page> {
  if (EDITOR !== undefined) await serveFrom(context, base, EDITOR)
  const page = await context.newPage()
  page.setDefaultTimeout(PATIENCE)
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning')
      wrong.push(`${message.text()} ${message.location().url}`.trim())
  })
  page.on('pageerror', (error) => wrong.push(String(error)))
  await page.goto(`${base}/`)
  return page
}

/** Answers for the editor's files out of another folder, under the policy that the server gives its own. */
async function serveFrom(context: BrowserContext, base: string, folder: string): Promise<void> {
  const policy = (await fetch(`${base}/`)).headers.get('content-security-policy') ?? ''
  const headers = { 'content-security-policy': policy }
  await context.route(`${base}/`, (route) => route.fulfill({ path: join(folder, 'index.html'), headers }))
  await context.route(`${base}/assets/*`, (route) =>
    route.fulfill({ path: join(folder, new URL(route.request().url()).pathname), headers }),
  )
}

export function personOf(page: Page): Person {
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
