import { expect, it } from 'vitest'
import { withBrowser } from '../person'

const visit = withBrowser()

it('takes back typing, a number and a deletion, one by one, and does them again', async () => {
  await visit(async ({ page, node, field, press }) => {
    const [text, steps] = [field('Prompt', 'text'), field('Sample', 'steps')]
    const before = await text.inputValue()
    await text.fill('a small green square')
    await steps.fill('7')
    await node('Decode').locator('header').click()
    await press('Delete')
    await node('Decode').waitFor({ state: 'detached' })

    await press('Control+z')
    await node('Decode').waitFor()
    await press('Control+z')
    expect(await steps.inputValue()).toBe('20')
    await press('Control+z')
    expect(await text.inputValue()).toBe(before)

    await press('Control+y')
    await press('Control+Shift+z')
    expect([await text.inputValue(), await steps.inputValue()]).toEqual(['a small green square', '7'])
    expect(await page.getByLabel('not saved').count()).toBe(1)
  })
})
