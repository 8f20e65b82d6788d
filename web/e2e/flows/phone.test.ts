import type { Page } from 'playwright-core'
import { expect, it } from 'vitest'
import { fingersOf, pointOf } from '../fingers'
import { type VisitOptions, withBrowser } from '../person'

const visit = withBrowser()

const PHONE: VisitOptions = { viewport: { width: 390, height: 844 }, touch: true }

/** Pixels of a side that a thumb needs. */
const THUMB = 40

/** What can be pressed, is to be seen, and is too small for a thumb. On the canvas, one zooms. */
const tooSmall = (page: Page): Promise<readonly string[]> =>
  page.evaluate((least) => {
    const pressed =
      'button, a[href], select, summary, input:not([type=radio], [type=checkbox]), label:has(input)'
    return [...document.querySelectorAll(pressed)].flatMap((element) => {
      const { x, y, width, height } = element.getBoundingClientRect()
      const at = document.elementFromPoint(x + width / 2, y + height / 2)
      const seen = width > 1 && height > 1 && at !== null && element.contains(at)
      if (!seen || element.closest('.react-flow') !== null || (width >= least && height >= least)) return []
      return [`${element.outerHTML.slice(0, 120)}: ${Math.round(width)}x${Math.round(height)}`]
    })
  }, THUMB)

it('has nothing that is too small for a thumb in its bars, form, viewer, gallery and queue', async () => {
  await visit(async ({ page }) => {
    const rail = page.getByRole('navigation', { name: 'Panels' })
    await rail.getByRole('button', { name: 'Form' }).click()
    const fields = page.getByRole('region', { name: 'Fields' })
    await fields.getByRole('textbox', { name: 'prompt', exact: true }).waitFor()
    const told = [...(await tooSmall(page))]
    await fields.getByRole('button', { name: 'Run', exact: true }).click()
    const result = page.getByRole('img', { name: 'Result 1' })
    await result.waitFor()
    // It comes into view by itself: what was asked for is seen without a hand.
    await expect.poll(async () => (await result.boundingBox())?.y ?? 9999).toBeLessThan(700)
    await result.click()
    const viewer = page.getByRole('dialog')
    await viewer.waitFor()
    told.push(...(await tooSmall(page)))
    await viewer.getByRole('button', { name: 'Close' }).click()
    await viewer.waitFor({ state: 'detached' })
    for (const [name, shown] of [
      ['Gallery', /^Show /],
      ['Queue', /again/],
    ] as const) {
      await rail.getByRole('button', { name }).click()
      await page.getByRole('button', { name: shown }).first().waitFor()
      told.push(...(await tooSmall(page)))
      await rail.getByRole('button', { name }).click()
    }
    expect(told).toEqual([])
  }, PHONE)
})

/** How many pixels of the picture are marked to be made anew. */
const marked = (page: Page): Promise<number> =>
  page.locator('.mask-layer').evaluate((canvas: HTMLCanvasElement) => {
    const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext('2d')
    copy?.drawImage(canvas, 0, 0)
    const { data } = copy?.getImageData(0, 0, canvas.width, canvas.height) ?? { data: [] }
    let count = 0
    for (let at = 3; at < data.length; at += 4) if ((data[at] ?? 0) > 127) count += 1
    return count
  })

it('looks through pictures by swiping, and closer at one with two fingers', async () => {
  await visit(async ({ page, field }) => {
    const rail = page.getByRole('navigation', { name: 'Panels' })
    await field('Size', 'batch_size').fill('2')
    await rail.getByRole('button', { name: 'Form' }).click()
    const fields = page.getByRole('region', { name: 'Fields' })
    await fields.getByRole('button', { name: 'Run', exact: true }).click()
    await page.getByRole('img', { name: 'Result 2' }).waitFor()
    await page.getByRole('img', { name: 'Result 1' }).click()
    const viewer = page.getByRole('dialog')
    await viewer.getByRole('heading', { name: /, 1 of \d+$/ }).waitFor()
    const fingers = await fingersOf(page)
    const stage = page.locator('.viewer-stage')
    await fingers.drag([await pointOf(stage, 0.8)], [await pointOf(stage, 0.2)])
    await viewer.getByRole('heading', { name: /, 2 of \d+$/ }).waitFor()
    const picture = stage.getByRole('img')
    await picture.waitFor()
    const wide = () => picture.evaluate((one: HTMLImageElement) => one.getBoundingClientRect().width)
    const before = await wide()
    await fingers.drag(
      [await pointOf(stage, 0.4), await pointOf(stage, 0.6)],
      [await pointOf(stage, 0.2), await pointOf(stage, 0.8)],
    )
    await expect.poll(wide).toBeGreaterThan(before * 2)
    await viewer.getByRole('heading', { name: /, 2 of \d+$/ }).waitFor()
  }, PHONE)
})

it('draws a mask with a finger on the picture of the form, and looks closer with two', async () => {
  await visit(async ({ page }) => {
    const rail = page.getByRole('navigation', { name: 'Panels' })
    await rail.getByRole('button', { name: 'Templates' }).click()
    await page.getByRole('button', { name: 'Inpainting', exact: true }).click()
    await rail.getByRole('button', { name: 'Form' }).click()
    await rail.getByRole('button', { name: 'Templates' }).click()
    const fields = page.getByRole('region', { name: 'Fields' })
    await fields.getByRole('button', { name: 'Draw a mask' }).click()
    const dialog = page.getByRole('dialog', { name: /^Mask of/ })
    await page.getByRole('application', { name: 'Picture to draw on' }).waitFor()
    await dialog.getByRole('button', { name: 'Clear' }).click()
    await expect.poll(() => marked(page)).toBe(0)
    expect(await tooSmall(page)).toEqual([])

    const fingers = await fingersOf(page)
    const picture = page.locator('.mask-picture')
    await fingers.drag([await pointOf(picture, 0.2, 0.3)], [await pointOf(picture, 0.8, 0.3)])
    await expect.poll(() => marked(page)).toBeGreaterThan(500)
    const drawn = await marked(page)

    const before = await picture.boundingBox()
    const [left, right] = [await pointOf(picture, 0.3, 0.5), await pointOf(picture, 0.7, 0.5)]
    const by = (x: number, y: number) => ({
      x: (x === 0 ? left : right).x + (x === 0 ? -50 : 50),
      y: left.y + y,
    })
    await fingers.drag([left, right], [by(0, 60), by(1, 60)])
    const grown = (right.x - left.x + 100) / (right.x - left.x)
    await expect
      .poll(async () => ((await picture.boundingBox())?.width ?? 0) / (before?.width ?? 1))
      .toBeCloseTo(grown, 1)
    const now = await pointOf(picture, 0.3, 0.5)
    expect(now.x).toBeCloseTo(left.x - 50, -1)
    expect(now.y).toBeCloseTo(left.y + 60, -1)
    expect(await marked(page)).toBe(drawn) // the first of two fingers has drawn nothing

    await dialog.getByRole('button', { name: 'Save the mask' }).click()
    await dialog.waitFor({ state: 'hidden' })
    await expect
      .poll(() => fields.getByRole('combobox', { name: 'image' }).textContent())
      .toMatch(/^scene_masked-mask.*\.png$/)
  }, PHONE)
})
