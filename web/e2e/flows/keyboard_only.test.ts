import { expect, it } from 'vitest'
import { withBrowser } from '../person'

const visit = withBrowser()

it('leads from the start to a picture by keys only', async () => {
  await visit(async ({ page, node, field, press }) => {
    await node('Sample').waitFor()
    const focused = () => page.evaluate(() => document.activeElement?.getAttribute('aria-label') ?? '')
    const type = (text: string) => page.keyboard.type(text)

    await press('Alt+n') // an empty workflow
    await page.getByText('Nothing here yet').waitFor()
    await press('Alt+w')
    await node('Sample').waitFor()

    await press('t') // a template, found by typing
    await page.getByRole('searchbox').waitFor()
    for (let times = 0; times < 40 && (await focused()) !== 'Search templates'; times += 1) await press('Tab')
    expect(await focused()).toBe('Search templates')
    await type('text to im')
    for (let times = 0; times < 5 && (await focused()) !== 'Text to image'; times += 1) await press('Tab')
    expect(await focused()).toBe('Text to image')
    await press('Enter')
    await expect.poll(() => page.getByRole('button', { name: /^text to image/ }).count()).toBe(2)
    await press('t')
    await press('.')

    const into = async (name: RegExp, most = 60) => {
      for (let times = 0; times < most; times += 1) {
        if (name.test(await focused())) return
        await press('Tab')
      }
      throw new Error(`Tab does not lead to ${name}; it ends at ${await focused()}`)
    }
    await into(/^Prompt, node/)
    await into(/^text$/)
    await press('Control+a')
    await type('a yellow star')
    expect(await field('Prompt', 'text').inputValue()).toBe('a yellow star')
    await press('Control+Enter')
    await node('Save').getByRole('img', { name: 'Result 1 of Save' }).waitFor()

    await into(/^Save, node/, 120)
    for (let times = 0; times < 12; times += 1) {
      await press('Tab')
      if (await page.evaluate(() => document.activeElement?.matches('.picture-button') === true)) break
    }
    await press('Enter')
    await page.getByRole('dialog').getByRole('img').first().waitFor()
    await press('Escape')
    await page.getByRole('dialog').waitFor({ state: 'hidden' })
  })
})
