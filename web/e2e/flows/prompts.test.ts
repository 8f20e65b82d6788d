import { expect, it } from 'vitest'
import { withBrowser } from '../person'

const visit = withBrowser()

it('makes words of a prompt weigh more or less by keys', async () => {
  await visit(async ({ node, field, press }) => {
    await node('Prompt').waitFor()
    const text = field('Prompt', 'text')
    await text.fill('a red circle')
    await press('Home')
    for (const _ of 'a r') await press('ArrowRight')
    await press('Control+ArrowUp')
    expect(await text.inputValue()).toBe('a (red:1.05) circle')
    await press('Control+ArrowUp')
    expect(await text.inputValue()).toBe('a (red:1.1) circle')
    await press('Control+ArrowDown')
    await press('Control+ArrowDown')
    expect(await text.inputValue()).toBe('a red circle')
  })
})
