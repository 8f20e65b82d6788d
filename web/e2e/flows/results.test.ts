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
