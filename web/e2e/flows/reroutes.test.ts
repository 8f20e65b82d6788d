import { expect, it } from 'vitest'
import { contentOf, drop, type Person, withBrowser } from '../person'

const visit = withBrowser()

type Page = Person['page']

const points = (page: Page) => page.getByRole('group', { name: /^Point of a link of / })
const links = (page: Page, type: string) => page.getByRole('group', { name: new RegExp(`^Link of ${type}`) })

interface Spot {
  readonly x: number
  readonly y: number
}

/** Returns the middle of what is drawn. */
async function middle(of: ReturnType<Page['locator']>): Promise<Spot> {
  await of.first().waitFor()
  const box = await of.first().boundingBox()
  if (box === null) throw new Error('it is not drawn')
  return { x: box.x + box.width / 2, y: box.y + box.height / 2 }
}

/** Returns a place on the screen where a link of a type is not covered by a node. */
async function onLink(page: Page, type: string): Promise<Spot> {
  await links(page, type).first().waitFor({ state: 'attached' })
  return links(page, type).evaluateAll((found) => {
    for (const link of found) {
      const path = link.querySelector('path')
      for (let part = 1; path !== null && part < 20; part += 1) {
        const length = path.getTotalLength() * ((part * 7) % 20) * 0.05
        const spot = DOMPoint.fromPoint(path.getPointAtLength(length)).matrixTransform(
          path.getScreenCTM() ?? undefined,
        )
        if (link.contains(document.elementFromPoint(spot.x, spot.y))) return { x: spot.x, y: spot.y }
      }
    }
    throw new Error('nodes cover all of the link')
  })
}

it('leads a link through points: by a double click, Alt and a click, the menu, and the keyboard', async () => {
  await visit(async ({ page, node, press }) => {
    await node('Sample').waitFor()
    const before = await links(page, '').count()
    const first = await onLink(page, 'LATENT')
    await page.mouse.dblclick(first.x, first.y)
    await expect.poll(() => points(page).count()).toBe(1)
    const second = await onLink(page, 'IMAGE')
    await page.keyboard.down('Alt')
    await page.mouse.click(second.x, second.y)
    await page.keyboard.up('Alt')
    await expect.poll(() => points(page).count()).toBe(2)
    const third = await onLink(page, 'CONDITIONING')
    await page.mouse.click(third.x, third.y, { button: 'right' })
    await page.getByRole('menuitem', { name: 'Add a reroute' }).click()
    await expect.poll(() => points(page).count()).toBe(3)
    await links(page, 'VAE').first().focus()
    await press('Enter')
    await press('Control+k')
    await page.getByRole('combobox', { name: 'Commands' }).fill('add a reroute')
    await press('Enter')
    await expect.poll(() => points(page).count()).toBe(4)
    await press('Delete')
    await expect.poll(() => points(page).count()).toBe(3)
    expect(await links(page, '').count()).toBe(before)
    for (const left of [4, 3, 2, 1, 0]) {
      await press('Control+z')
      await expect.poll(() => points(page).count()).toBe(left)
    }
    await press('Control+Shift+z')
    await expect.poll(() => points(page).count()).toBe(1)
  })
})

it('moves a point with its link, branches another link off at it, and takes it away without the links', async () => {
  await visit(async ({ page, node, press }) => {
    await node('Sample').waitFor()
    const spot = await onLink(page, 'IMAGE')
    await page.mouse.dblclick(spot.x, spot.y)
    const point = points(page).first()
    const at = await middle(point)
    const ways = () =>
      links(page, 'IMAGE').evaluateAll((all) =>
        all.map((one) => one.querySelector('path')?.getAttribute('d')),
      )
    const straight = await ways()
    await page.mouse.move(at.x, at.y)
    await page.mouse.down()
    await page.mouse.move(at.x, at.y + 60, { steps: 5 })
    await page.mouse.up()
    await expect.poll(async () => (await middle(point)).y - at.y).toBeGreaterThan(30)
    expect(await ways()).not.toEqual(straight)

    const images = await links(page, 'IMAGE').count()
    await node('Save').locator('header').click()
    await press('Control+d')
    await expect.poll(() => node('Save').count()).toBe(2)
    const copy = node('Save').last()
    const branch = await middle(point.getByRole('button', { name: /branch/ }))
    const target = await middle(copy.getByRole('button', { name: /^input images/ }))
    const held = await middle(point)
    await page.mouse.move(held.x, held.y)
    await page.mouse.move(branch.x, branch.y)
    await page.mouse.down()
    await page.mouse.move(target.x, target.y, { steps: 8 })
    await page.mouse.up()
    await expect.poll(() => links(page, 'IMAGE').count()).toBe(images + 1)

    const saved = page.waitForEvent('download')
    await press('Control+k')
    await page.getByRole('combobox', { name: 'Commands' }).fill('save a copy as a file')
    await press('Enter')
    const file = await contentOf(await saved)
    const { extra } = JSON.parse(file.toString()) as { extra: Record<string, unknown[]> }
    expect(extra['reroutes']).toMatchObject([{ id: 1, linkIds: [expect.any(Number), expect.any(Number)] }])
    expect(extra['linkExtensions']).toHaveLength(2)
    await drop(page, 'again.json', file)
    const tabs = page.getByRole('navigation', { name: 'Open workflows' })
    await tabs.getByRole('button', { name: 'again', exact: true }).waitFor()
    await expect.poll(() => points(page).count()).toBe(1)
    await expect.poll(() => links(page, 'IMAGE').count()).toBe(images + 1)

    const there = await middle(points(page))
    await page.mouse.click(there.x, there.y, { button: 'right' })
    await page.getByRole('menuitem', { name: 'Delete' }).click()
    await expect.poll(() => points(page).count()).toBe(0)
    expect(await links(page, 'IMAGE').count()).toBe(images + 1)
  })
})
