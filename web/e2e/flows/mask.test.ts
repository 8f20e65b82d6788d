import type { Locator, Page } from 'playwright-core'
import { expect, it } from 'vitest'
import { type Person, withBrowser } from '../person'

const visit = withBrowser()

/** Opens the inpainting template and the mask of its picture. */
async function openMask({ page, node, press }: Person): Promise<Locator> {
  await node('Sample').waitFor()
  await press('t')
  await page.getByRole('button', { name: 'Inpainting', exact: true }).click()
  await press('t')
  await press('.') // all of it near enough for its fields to be there
  const picture = node('Picture and mask')
  await picture.getByRole('button', { name: 'Draw a mask' }).click()
  await page.getByRole('application', { name: 'Picture to draw on' }).waitFor()
  return page.getByRole('dialog', { name: 'Mask of Picture and mask' })
}

/** How much of the picture is marked in the editor, from 0 to 1, as its canvas shows. */
const marked = (page: Page): Promise<number> =>
  page.locator('.mask-layer').evaluate((canvas: HTMLCanvasElement) => {
    const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext('2d')
    copy?.drawImage(canvas, 0, 0)
    const { data } = copy?.getImageData(0, 0, canvas.width, canvas.height) ?? { data: [] }
    let sum = 0
    for (let at = 3; at < data.length; at += 4) sum += data[at] ?? 0
    return sum / 255 / (canvas.width * canvas.height)
  })

/** The four channels of a pixel of a file of the server. */
const pixel = (page: Page, url: string, x: number, y: number): Promise<readonly number[]> =>
  page.evaluate(
    async ([from, px, py]) => {
      const bitmap = await createImageBitmap(await (await fetch(from)).blob())
      const context = new OffscreenCanvas(bitmap.width, bitmap.height).getContext('2d')
      context?.drawImage(bitmap, 0, 0)
      return [...(context?.getImageData(px, py, 1, 1).data ?? [])]
    },
    [url, x, y] as const,
  )

it('paints a mask by hand, saves it, and paints only there anew', async () => {
  await visit(async (person) => {
    const { page, node, field, press } = person
    const dialog = await openMask(person)
    expect(await marked(page)).toBeCloseTo((80 * 80) / (128 * 128), 3)
    await press('c')
    expect(await marked(page)).toBe(0)
    const stage = await page.locator('.mask-picture').boundingBox()
    if (stage === null) throw new Error('no picture is shown')
    const at = (x: number, y: number) => [stage.x + stage.width * x, stage.y + stage.height * y] as const
    await page.mouse.move(...at(0.25, 0.25))
    await page.mouse.down()
    await page.mouse.move(...at(0.75, 0.25), { steps: 5 })
    await page.mouse.up()
    const stroke = await marked(page)
    expect(stroke).toBeGreaterThan(0.04)
    await press('i')
    expect(await marked(page)).toBeCloseTo(1 - stroke, 2)
    await press('Control+z')
    expect(await marked(page)).toBeCloseTo(stroke, 3)

    await dialog.getByRole('button', { name: 'Save the mask' }).click()
    await dialog.waitFor({ state: 'hidden' })
    const name = (await field('Picture and mask', 'image').textContent()) ?? ''
    expect(name).toMatch(/^scene_masked-mask( \(\d+\))?\.png$/)
    const url = (file: string, type: string) =>
      `api/view?filename=${encodeURIComponent(file)}&type=${type}&subfolder=`
    expect((await pixel(page, url(name, 'input'), 64, 32))[3]).toBe(0)
    expect((await pixel(page, url(name, 'input'), 64, 100))[3]).toBe(255)

    await press('Control+Enter')
    const result = node('Save').getByRole('img', { name: /^Result 1/ })
    await result.waitFor()
    const made = new URL((await result.getAttribute('src')) ?? '', page.url()).href
    const before = `${url('scene.png', 'input')}`
    expect(await pixel(page, made, 64, 100)).toEqual(await pixel(page, before, 64, 100))
    expect(await pixel(page, made, 64, 32)).not.toEqual(await pixel(page, before, 64, 32))
  })
})

it('draws a mask by keys only, and asks before it is lost', async () => {
  await visit(async (person) => {
    const { page, press } = person
    const dialog = await openMask(person)
    await press('c')
    await press(']')
    await press('Enter')
    for (let times = 0; times < 6; times += 1) await press('ArrowRight')
    await press('Enter')
    const stroke = await marked(page)
    expect(stroke).toBeGreaterThan(0.01)
    await press('ArrowDown')
    await press('e')
    await press('Enter')
    await press('Shift+ArrowLeft')
    await press('Enter')
    expect(await marked(page)).toBeLessThan(stroke)
    await press('Escape')
    await page.getByRole('button', { name: 'Keep drawing' }).click()
    await press('Escape')
    await page.getByRole('button', { name: 'Close without saving' }).click()
    await dialog.waitFor({ state: 'hidden' })
  })
})

it('fills an outline, zooms with the wheel and moves with the space bar', async () => {
  await visit(async (person) => {
    const { page, press } = person
    await openMask(person)
    await press('c')
    const stage = page.getByRole('application', { name: 'Picture to draw on' })
    const box = await stage.boundingBox()
    if (box === null) throw new Error('there is no stage')
    const [x, y] = [box.x + box.width / 2, box.y + box.height / 2]
    await page.mouse.move(x + 160, y)
    await page.mouse.down()
    for (let step = 1; step <= 24; step += 1) {
      const angle = (step / 24) * 2 * Math.PI
      await page.mouse.move(x + 160 * Math.cos(angle), y + 160 * Math.sin(angle))
    }
    await page.mouse.up()
    const outline = await marked(page)
    await press('f')
    await page.mouse.click(x, y)
    expect(await marked(page)).toBeGreaterThan(outline * 1.3)

    const place = () => page.locator('.mask-picture').boundingBox()
    const before = await place()
    await page.keyboard.down('Control')
    await page.mouse.wheel(0, -200)
    await page.keyboard.up('Control')
    await expect.poll(async () => (await place())?.width ?? 0).toBeGreaterThan((before?.width ?? 0) * 1.5)
    const zoomed = await place()
    await page.keyboard.down('Space')
    await page.mouse.down()
    await page.mouse.move(x + 50, y + 30)
    await page.mouse.up()
    await page.keyboard.up('Space')
    await expect.poll(async () => (await place())?.x).toBeCloseTo((zoomed?.x ?? 0) + 50, 0)
    const size = page.getByRole('slider', { name: 'Size' })
    const was = Number(await size.inputValue())
    await page.mouse.wheel(0, -100)
    await expect.poll(async () => Number(await size.inputValue())).toBeGreaterThan(was)
  })
})
