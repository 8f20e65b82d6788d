import { expect, it } from 'vitest'
import { withBrowser } from '../person'

const visit = withBrowser()

it('sharpens a preview while it samples, tells how far it is, and shows a batch to be looked through', async () => {
  await visit(async ({ page, node, field, press }) => {
    await node('Sample').waitFor()
    await field('Size', 'batch_size').fill('2')
    await field('Sample', 'Random seed now').click()
    await press('Control+Enter')

    await node('Sample').getByRole('img', { name: 'Preview of Sample' }).waitFor()
    await page.getByRole('progressbar', { name: 'Progress of Sample' }).first().waitFor()
    await expect.poll(() => page.title()).toMatch(/^\d+% /)

    const save = node('Save')
    await save.getByRole('img', { name: 'Result 2 of Save' }).waitFor()
    expect(await node('Sample').getByRole('img', { name: 'Preview of Sample' }).count()).toBe(0)
    await expect.poll(() => page.title()).not.toMatch(/%/)

    await save.getByRole('img', { name: 'Result 1 of Save' }).click()
    const viewer = page.getByRole('dialog')
    await viewer.getByRole('heading', { name: /, 1 of 2$/ }).waitFor()
    await press('ArrowRight')
    await viewer.getByRole('heading', { name: /, 2 of 2$/ }).waitFor()
    await press('+')
    await viewer.getByRole('link', { name: 'Save' }).waitFor()
    await press('Escape')
    await viewer.waitFor({ state: 'hidden' })
  })
})

it('runs a node that is no output, and shows what it makes where it is', async () => {
  await visit(async ({ node, field, press }) => {
    await node('Sample').waitFor()
    await field('Sample', 'steps').fill('2')
    await node('Decode').locator('header').click()
    await press('Alt+Enter')
    await node('Decode').getByRole('img', { name: 'Result 1 of Decode' }).waitFor()
    expect(
      await node('Save')
        .getByRole('img', { name: /^Result/ })
        .count(),
    ).toBe(0)
  })
})

it('shows pictures with what is said of each below them', async () => {
  await visit(async ({ page, node, press }) => {
    await node('Sample').waitFor()
    await press('t')
    await page
      .getByRole('button', { name: /where words look/i })
      .first()
      .click()
    await node('CrossAttentionMaps|Where.*').first().waitFor()
    await press('Control+Enter')
    await expect.poll(() => page.locator('figcaption').count(), { timeout: 40_000 }).toBeGreaterThan(1)
    const captions = await page.locator('figcaption').allTextContents()
    expect(new Set(captions).size).toBeGreaterThan(1)
  })
})

it('runs one output alone by the button in its header', async () => {
  await visit(async ({ node, field }) => {
    await node('Sample').waitFor()
    await field('Sample', 'steps').fill('3')
    await node('Save').getByRole('button', { name: 'Run only Save, and what it needs' }).click()
    await node('Save').getByRole('img', { name: 'Result 1 of Save' }).waitFor()
  })
})

it('lets pictures grow with their node, whole and counted', async () => {
  await visit(async ({ page, node, field, press }) => {
    await node('Sample').waitFor()
    await field('Size', 'batch_size').fill('2')
    await field('Sample', 'steps').fill('2')
    await press('Control+Enter')
    const save = node('Save')
    const picture = save.getByRole('img', { name: 'Result 2 of Save' })
    await picture.waitFor()
    await save.getByText('2 pictures').waitFor()
    await save.locator('header').click()
    const size = async () => (await picture.boundingBox()) ?? { width: 0, height: 0 }
    const before = await size()
    const corner = await save.locator('.resizer').boundingBox()
    const tall = (await save.boundingBox())?.height ?? 0
    if (corner === null) throw new Error('the node has no corner to be held at')
    const [x, y] = [corner.x + corner.width / 2, corner.y + corner.height / 2]
    await page.mouse.move(x, y)
    await page.mouse.down()
    await page.mouse.move(x - 60, y + 150, { steps: 4 })
    await page.mouse.up()
    await expect.poll(async () => (await size()).width).toBeLessThan(before.width - 10)
    // The corner stays at the hand: what the pictures don't need is left around them.
    await expect.poll(async () => (await save.boundingBox())?.height ?? 0).toBeGreaterThan(tall + 120)
    await page.mouse.move(x - 60, y + 150)
    await page.mouse.down()
    await page.mouse.move(x + 40, y + 150, { steps: 4 })
    await page.mouse.up()
    await expect.poll(async () => (await size()).width).toBeGreaterThan(before.width + 10)
    const natural = await picture.evaluate((one: HTMLImageElement) => one.naturalWidth / one.naturalHeight)
    const { width, height } = await size()
    expect(width / height).toBeCloseTo(natural, 1)
  })
})
