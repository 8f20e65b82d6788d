import { expect, it } from 'vitest'
import { withBrowser } from '../person'

const visit = withBrowser()

it('shows what was made, finds it by its prompt, compares two, and opens the workflow of one', async () => {
  await visit(async ({ page, node, field, press }) => {
    const picture = node('Save').getByRole('img', { name: 'Result 1 of Save' })
    for (const prompt of ['a purple zeppelin', 'a copper teapot']) {
      await field('Prompt', 'text').fill(prompt)
      const before = (await picture.count()) === 0 ? null : await picture.getAttribute('src')
      await press('Control+Enter')
      await picture.waitFor()
      await expect.poll(() => picture.getAttribute('src'), { timeout: 20_000 }).not.toBe(before)
    }
    await page.getByRole('button', { name: 'Gallery' }).click()
    const pictures = page.getByRole('button', { name: /^Show / })
    const search = page.getByRole('searchbox', { name: 'Search by name or prompt' })
    await search.fill('purple zeppelin')
    await expect.poll(() => pictures.count()).toBe(1)
    await pictures.click()
    await page.getByRole('button', { name: 'Open its workflow' }).click()
    await expect.poll(() => field('Prompt', 'text').inputValue()).toBe('a purple zeppelin')

    await search.fill('')
    const choose = page.getByRole('button', { name: /to compare$/ })
    await choose.nth(0).click()
    await choose.nth(1).click()
    await page.getByRole('button', { name: 'Compare', exact: true }).click()
    const slider = page.getByRole('slider', { name: 'How much of the first picture is shown' })
    const over = page.locator('.compare-over')
    const clip = () => over.evaluate((image) => getComputedStyle(image).clipPath)
    const half = await clip()
    await slider.press('Home')
    await expect.poll(clip).not.toBe(half)
  })
})
