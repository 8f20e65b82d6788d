import { expect, inject, it } from 'vitest'
import { withBrowser } from '../person'

const visit = withBrowser()

it('drags a node out of the library, and keeps favourites for other browsers', async () => {
  await visit(async ({ page, node, press }) => {
    await node('Sample').waitFor()
    await press('n')
    await page.getByRole('searchbox', { name: 'Search nodes' }).fill('invert image')
    const row = page.getByRole('button', { name: /^Invert ?Image$/i })
    await row.hover()
    const kept = page.waitForResponse((answer) => answer.url().includes('settings/inkloom.favourites'))
    await page.getByRole('button', { name: /^Favourite: Invert/ }).click()
    await page.getByRole('button', { name: /^About Invert/ }).click()
    await page.getByText('Gives').waitFor()
    await row.dragTo(page.locator('.react-flow__pane'), { targetPosition: { x: 60, y: 60 } })
    await node('Invert ?Image|ImageInvert').waitFor()

    await kept
    const other = await page.context().browser()?.newContext()
    const elsewhere = await other?.newPage()
    await elsewhere?.goto(`${inject('base')}/`)
    await elsewhere?.getByRole('button', { name: 'Nodes' }).click()
    await elsewhere?.getByText('Favourites').waitFor()
    await other?.close()
  })
})

it('shows templates with pictures, says which models they need, and opens one', async () => {
  await visit(async ({ page, node, press }) => {
    await node('Sample').waitFor()
    await press('t')
    const card = page.getByRole('button', { name: 'SDXL: base and refiner' })
    await card.getByText('sd_xl_refiner_1.0.safetensors').waitFor()
    await expect
      .poll(() => card.locator('img').evaluate((image: HTMLImageElement) => image.naturalWidth))
      .toBe(256)
    await page.getByRole('searchbox', { name: 'Search templates' }).fill('mask')
    expect(await card.count()).toBe(0)
    await page.getByRole('button', { name: 'Inpainting' }).click()
    await page
      .getByRole('navigation', { name: 'Open workflows' })
      .getByRole('button', { name: 'inpainting', exact: true })
      .waitFor()
  })
})

it('drags a model onto the canvas as its loader', async () => {
  await visit(async ({ page, node, press }) => {
    await node('Sample').waitFor()
    await press('m')
    await page.getByRole('searchbox', { name: 'Search models' }).fill('inklet')
    const row = page.getByRole('button', { name: /^inklet/ })
    await row.dragTo(page.locator('.react-flow__pane'), { targetPosition: { x: 60, y: 60 } })
    await page.getByText('8 nodes').waitFor()
    const loader = page.getByRole('group', { name: /^(?!Model,).*, node / }).filter({ hasText: 'ckpt_name' })
    expect(await loader.getByLabel('ckpt_name', { exact: true }).textContent()).toBe('inklet.safetensors')
    await press('Control+z')
    await page.getByText('7 nodes').waitFor()
  })
})
