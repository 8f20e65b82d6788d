import { expect, it } from 'vitest'
import { withBrowser } from '../person'

const visit = withBrowser()

it('opens a workflow, runs it by Ctrl+Enter, and shows the picture where it is saved', async () => {
  await visit(async ({ page, node, press }) => {
    await node('Sample').waitFor()
    await press('Control+Enter')
    const picture = node('Save').getByRole('img', { name: 'Result 1 of Save' })
    await picture.waitFor()
    await expect
      .poll(() => picture.evaluate((image: HTMLImageElement) => image.complete && image.naturalWidth))
      .toBe(128)
    expect(await page.title()).toContain('text to image')
  })
})
