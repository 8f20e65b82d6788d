import type { Page } from 'playwright-core'
import { expect, it } from 'vitest'
import { drop, withBrowser } from '../person'

const visit = withBrowser()

/** What a person may find in a workflow of somebody else. */
const EVIL =
  '<img src=x onerror="window.evil=1"><script>window.evil=1</script><b>bold</b> [go](javascript:window.evil=1)'

const node = (id: number, type: string, more: object) => ({
  id,
  type,
  pos: [id * 260, 60],
  size: [240, 160],
  flags: {},
  order: id,
  mode: 0,
  inputs: [],
  outputs: [],
  properties: {},
  widgets_values: [],
  ...more,
})

const WORKFLOW = {
  last_node_id: 5,
  last_link_id: 0,
  nodes: [
    node(1, 'Note', { title: EVIL, widgets_values: [EVIL] }),
    node(2, 'MarkdownNote', { title: 'Marked', widgets_values: [`# Head\n\n${EVIL}\n\n**strong**`] }),
    node(3, 'PrimitiveString', { title: 'Text', widgets_values: [EVIL] }),
    node(4, EVIL, {
      title: EVIL,
      color: 'url(https://example.invalid/a)',
      bgcolor: 'red;background:url(//example.invalid)',
    }),
  ],
  links: [],
  groups: [
    { id: 1, title: EVIL, bounding: [0, -80, 900, 400], color: 'url(https://example.invalid/b)', flags: {} },
  ],
  config: {},
  extra: {},
  version: 0.4,
}

/** Counts what the page's policy refuses, and what of a workflow was run or loaded. */
async function watch(page: Page): Promise<() => Promise<readonly string[]>> {
  const asked: string[] = []
  page.on('request', (request) => {
    if (new URL(request.url()).origin !== new URL(page.url()).origin && request.url().startsWith('http')) {
      asked.push(request.url())
    }
  })
  await page.evaluate(() => {
    const told: string[] = []
    Object.assign(window, { told })
    document.addEventListener('securitypolicyviolation', (event) =>
      told.push(`${event.violatedDirective}: ${event.blockedURI} ${event.sample}`),
    )
  })
  return async () => [
    ...asked,
    ...(await page.evaluate(() => {
      const { told = [], evil } = window as unknown as { told?: readonly string[]; evil?: unknown }
      return evil === undefined ? told : [...told, 'a script of the workflow ran']
    })),
  ]
}

it('keeps to its policy while every panel and dialog is opened', async () => {
  await visit(async ({ page, node: named, press }) => {
    await named('Sample').waitFor()
    const told = await watch(page)
    const rail = page.getByRole('navigation', { name: 'Panels' }).getByRole('button')
    const names = await rail.allTextContents()
    expect(names.length).toBeGreaterThan(6)
    for (let at = 0; at < names.length; at += 1) {
      await rail.nth(at).click()
      await page.waitForTimeout(150)
      await press('Escape')
      if ((await rail.nth(at).getAttribute('aria-pressed')) === 'true') await rail.nth(at).click()
    }
    await named('Sample').waitFor()
    for (const keys of ['Control+k', '?', 'Control+,', 'a', 'Control+s']) {
      await press(keys)
      await page.getByRole('dialog').first().waitFor()
      await press('Escape')
      await page.getByRole('dialog').first().waitFor({ state: 'hidden' })
    }
    await press('Control+Enter')
    const picture = named('Save').getByRole('img', { name: 'Result 1 of Save' })
    await picture.click()
    await page.getByRole('dialog').waitFor()
    await press('Escape')
    expect(await told()).toEqual([])
  })
})

it('shows what a workflow says as text, whatever it looks like', async () => {
  await visit(
    async ({ page, node: named, press }) => {
      await named('Sample').waitFor()
      const told = await watch(page)
      await drop(page, `${'<b>name'}.json`, new TextEncoder().encode(JSON.stringify(WORKFLOW)))
      await named('Marked').waitFor()
      await press('.')
      await page.waitForTimeout(300)
      expect(await page.getByText('onerror=').count()).toBeGreaterThan(2)
      expect(await named('Marked').getByRole('heading', { name: 'Head' }).count()).toBe(1)
      expect(await page.locator('.react-flow script, .react-flow b, .react-flow img[src=x]').count()).toBe(0)
      expect(await page.locator('a[href^="javascript:"]').count()).toBe(0)
      for (const keys of ['Control+k', 'Escape', 'e', 'e', 'Control+Enter']) await press(keys)
      await page.waitForTimeout(300)
      expect(await told()).toEqual([])
    },
    { expected: /status of 400/ },
  )
})
