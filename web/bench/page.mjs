/** A page of the editor with the workflow open that is measured, and what a person does there. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { chromium } from 'playwright-core'
import { pause, sessionOf } from './measuring.mjs'
import { HIGH, NODES, WIDE, workflow } from './workflow.mjs'

const ARGUMENTS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-background-networking',
  '--disable-features=LocalNetworkAccessChecks',
]

/** Opens the editor at an address; `built` is a folder of another build than the server's own, or undefined. */
export async function openEditor(base, built) {
  const browser = await chromium.launch({
    executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium',
    args: ARGUMENTS,
  })
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, colorScheme: 'dark' })
  if (built !== undefined) {
    await context.route(`${base}/`, (route) => route.fulfill({ path: join(built, 'index.html') }))
    await context.route(`${base}/assets/*`, (route) =>
      route.fulfill({ path: join(built, new URL(route.request().url()).pathname) }),
    )
  }
  const page = await context.newPage()
  page.on('pageerror', (error) => process.stderr.write(`${error.stack}\n`))
  await page.addInitScript(watch)
  await page.goto(`${base}/`)
  await page.waitForFunction(() => globalThis.ready !== undefined)
  const { text, file } = workflow()
  await open(page, file)
  return { page, session: await sessionOf(page), text, close: () => browser.close() }
}

/** Runs in the page before all else: tells when nodes are seen, and remembers the socket. */
function watch() {
  const Socket = globalThis.WebSocket
  globalThis.WebSocket = class extends Socket {
    constructor(...given) {
      super(...given)
      globalThis.socket = this
    }
  }
  function look() {
    const picture = document.querySelector('.afar')
    const drawn = document.querySelector('.react-flow__node') !== null || (picture?.width ?? 300) > 300
    if (!drawn) requestAnimationFrame(look)
    else requestAnimationFrame(() => setTimeout(() => (globalThis.ready = performance.now())))
  }
  look()
}

/** Opens the workflow as a file that a person chooses. */
async function open(page, text) {
  const folder = mkdtempSync(join(tmpdir(), 'inkloom-editor-'))
  try {
    const file = join(folder, 'thousand.json')
    writeFileSync(file, text)
    await page.locator('.react-flow__pane').click({ position: { x: 20, y: 20 } })
    let chooser = null
    for (let turn = 0; chooser === null && turn < 5; turn += 1) {
      // A browser that is just beginning may not take the keys for a person's yet.
      const asked = page.waitForEvent('filechooser', { timeout: 3000 }).catch(() => null)
      await page.keyboard.press('Control+o')
      chooser = await asked
    }
    if (chooser === null) throw new Error('the editor did not ask for a file')
    await chooser.setFiles(file)
    await page.getByText(`${NODES} nodes`).waitFor()
    await page.waitForTimeout(1000)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Loads the page anew; returns the milliseconds from its beginning until the graph was seen. */
export async function reloaded({ page }) {
  await page.reload()
  await page.waitForFunction(() => globalThis.ready !== undefined)
  const time = await page.evaluate(() => globalThis.ready)
  await pause(1500)
  return time
}

/** Looks at the whole graph, far away. */
export async function lookAtAll({ page }) {
  await page.evaluate(() => document.activeElement?.blur())
  await page.keyboard.press('.')
  await page.locator('.afar').waitFor()
  await pause(1000)
}

/** Looks at the middle of the graph at zoom 1. */
export async function lookAtMiddle(editor) {
  const { page } = editor
  await lookAtAll(editor)
  await page.keyboard.press('Alt+0')
  await page.locator(`.react-flow__node[data-id="${editor.text}"]`).waitFor()
  await pause(1000)
}

/** Looks at the most nodes that are drawn one by one, each as its header and its ports. */
export async function lookAtMany(editor) {
  await lookAtMiddle(editor)
  for (let step = 0; step < 7; step += 1) {
    await editor.page.keyboard.press('Alt+-')
    await pause(500)
  }
}

/** Returns the point of the window at a point of the graph, measured from the upper left of a cell of its grid. */
export async function pointIn({ page }, { column, row }, [x, y]) {
  const [left, top, zoom] = await page.evaluate(() => {
    const { m11, m41, m42 } = new DOMMatrix(
      getComputedStyle(document.querySelector('.react-flow__viewport')).transform,
    )
    const { x, y } = document.querySelector('.react-flow').getBoundingClientRect()
    return [x + m41, y + m42, m11]
  })
  return [left + (column * WIDE + x) * zoom, top + (row * HIGH + y) * zoom]
}
