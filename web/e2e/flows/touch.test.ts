import type { Page } from 'playwright-core'
import { expect, it } from 'vitest'
import { type Fingers, fingersOf, pointOf } from '../fingers'
import { type Person, type VisitOptions, withBrowser } from '../person'

const visit = withBrowser()

/** A tablet, on which the first workflow has room. */
const TABLET: VisitOptions = { viewport: { width: 1180, height: 820 }, touch: true }

async function touching(
  flow: (person: Person, fingers: Fingers) => Promise<void>,
  options: VisitOptions = TABLET,
): Promise<void> {
  await visit(async (person) => {
    await person.node('Sample').waitFor()
    await flow(person, await fingersOf(person.page))
  }, options)
}

/** Where the view is: what it was moved by, and its zoom. */
const view = (page: Page): Promise<readonly [x: number, y: number, zoom: number]> =>
  page.locator('.react-flow__viewport').evaluate((element) => {
    const { a, e, f } = new DOMMatrix(getComputedStyle(element).transform)
    return [e, f, a] as const
  })

const header = (person: Person, title: string) => pointOf(person.node(title).locator('header'), 0.3)

it('moves the view with one finger, on what is empty and on nodes', async () => {
  await touching(async (person, fingers) => {
    const { page } = person
    const [x, y, zoom] = await view(page)
    await fingers.drag([{ x: 600, y: 760 }], [{ x: 540, y: 720 }])
    await expect
      .poll(async () => (await view(page)).map(Math.round))
      .toEqual([x - 60, y - 40, zoom].map(Math.round))
    const label = await pointOf(person.node('Sample').getByText('steps'), 0.5)
    await fingers.drag([label], [{ x: label.x + 80, y: label.y }])
    await expect.poll(async () => Math.round((await view(page))[0])).toBe(Math.round(x + 20))
  })
})

it('zooms with two fingers, also where they are on nodes, and keeps what is below them there', async () => {
  await touching(async (person, fingers) => {
    const { page, node } = person
    const [, , zoom] = await view(page)
    const place = await node('Sample').boundingBox()
    if (place === null) throw new Error('there is no node')
    const y = place.y + place.height / 2
    const [left, right] = [place.x + 8, place.x + place.width - 8]
    await fingers.drag(
      [
        { x: left, y },
        { x: right, y },
      ],
      [
        { x: left - 60, y: y + 30 },
        { x: right + 60, y: y + 30 },
      ],
    )
    const grown = (right - left + 120) / (right - left)
    await expect.poll(async () => (await view(page))[2] / zoom).toBeCloseTo(grown, 1)
    const now = await node('Sample').boundingBox()
    expect((now?.x ?? 0) + 8 * grown).toBeCloseTo(left - 60, 0)
    expect(await node('Sample').getAttribute('aria-label')).toMatch(/^Sample/)
    const pane = { x: 500, y: 780 }
    const before = (await view(page))[2]
    await fingers.drag(
      [pane, { x: 700, y: 780 }],
      [
        { x: 550, y: 780 },
        { x: 650, y: 780 },
      ],
    )
    await expect.poll(async () => (await view(page))[2] / before).toBeCloseTo(0.5, 1)
  })
})

it('chooses by a tap, and drags a node by its header', async () => {
  await touching(async (person, fingers) => {
    const { page, node } = person
    await fingers.tap(await header(person, 'Decode'))
    await page.locator('.node[data-selected]').waitFor()
    expect(await node('Decode').locator('.node[data-selected]').count()).toBe(1)
    const before = await node('Decode').boundingBox()
    const from = await header(person, 'Decode')
    await fingers.drag([from], [{ x: from.x + 40, y: from.y + 90 }])
    await expect
      .poll(async () => ((await node('Decode').boundingBox())?.y ?? 0) - (before?.y ?? 0))
      .toBeGreaterThan(60)
    await fingers.tap({ x: 600, y: 790 })
    await expect.poll(() => page.locator('.node[data-selected]').count()).toBe(0)
  })
})

it('links two ports that are tapped, and draws a link out of one', async () => {
  await touching(async (person, fingers) => {
    const { page, node } = person
    const links = page.getByRole('group', { name: /^Link of IMAGE/ })
    const out = node('Decode').getByRole('button', { name: 'output IMAGE, IMAGE' })
    await fingers.drag([await pointOf(out)], [{ x: 700, y: 620 }])
    const search = page.getByRole('combobox', { name: 'Add a node for IMAGE' })
    await search.fill('invert')
    await page.keyboard.press('Enter')
    const invert = page.getByRole('group', { name: /^Invert.*, node / })
    await invert.waitFor()
    await expect.poll(() => links.count()).toBe(2)
    await fingers.tap(await pointOf(invert.getByRole('button', { name: /^output/ })))
    const to = node('Save').getByRole('button', { name: 'input images, IMAGE' })
    await expect.poll(() => to.getAttribute('data-fit')).toBe('true')
    await fingers.tap(await pointOf(to))
    const id = /node (\d+)$/.exec((await invert.getAttribute('aria-label')) ?? '')?.[1]
    await page.getByRole('group', { name: new RegExp(`^Link of IMAGE from node ${id} to `) }).waitFor()
    await expect.poll(() => to.getAttribute('data-fit')).toBe(null)
  })
})

/** A point of the window at which there is a link, and nothing above it. */
async function onLink(page: Page): Promise<{ readonly x: number; readonly y: number }> {
  const found = await page.evaluate(() => {
    for (const path of document.querySelectorAll<SVGPathElement>('.react-flow__edge-interaction')) {
      const middle = path.getPointAtLength(path.getTotalLength() / 2)
      const { x, y } = middle.matrixTransform(path.getScreenCTM() ?? undefined)
      if (document.elementFromPoint(x, y) === path) return { x, y }
    }
    return null
  })
  if (found === null) throw new Error('no link is to be seen')
  return found
}

it('opens the menu of what a finger stays on', async () => {
  await touching(async (person, fingers) => {
    const { page } = person
    const menu = page.getByRole('menu')
    for (const [at, entry] of [
      [await header(person, 'Decode'), /Mute/],
      [await onLink(page), /reroute/i],
      [{ x: 600, y: 780 }, /Add a node/],
    ] as const) {
      await fingers.down(at)
      await menu.getByRole('menuitem', { name: entry }).first().waitFor()
      await fingers.up()
      await menu.waitFor()
      await page.keyboard.press('Escape')
      await menu.waitFor({ state: 'detached' })
    }
  })
})

it('opens the search by a double tap', async () => {
  await touching(async ({ page }, fingers) => {
    await fingers.tap({ x: 600, y: 780 })
    await fingers.tap({ x: 602, y: 781 })
    await page.getByRole('combobox', { name: 'Add a node' }).waitFor()
  })
})

it('scrolls a text and types into it', async () => {
  await touching(async (person, fingers) => {
    const { page, field } = person
    const [x, y] = await view(page)
    const text = field('Prompt', 'text')
    await text.fill(Array.from({ length: 40 }, (_, line) => `line ${line}`).join('\n'))
    await text.evaluate((area) => area.scrollTo(0, 0))
    const at = await pointOf(text, 0.5, 0.8)
    await fingers.drag([at], [{ x: at.x, y: at.y - 40 }])
    await expect.poll(() => text.evaluate((area) => area.scrollTop)).toBeGreaterThan(10)
    expect((await view(page)).slice(0, 2)).toEqual([x, y])
    await fingers.tap(at)
    await expect.poll(() => text.evaluate((area) => area === document.activeElement)).toBe(true)
    await page.keyboard.type('owl ')
    await expect.poll(() => text.inputValue()).toMatch(/owl /)
  })
})
