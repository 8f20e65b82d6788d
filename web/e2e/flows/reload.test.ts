import { expect, it } from 'vitest'
import { withBrowser } from '../person'

const visit = withBrowser()

it('keeps what was typed, and that it is not saved, over a reload', async () => {
  await visit(async ({ page, node, field }) => {
    await field('Prompt', 'text').fill('a small green square')
    await page.reload()
    await node('Prompt').waitFor()
    expect(await field('Prompt', 'text').inputValue()).toBe('a small green square')
    expect(await page.getByLabel('not saved').count()).toBe(1)
  })
})
