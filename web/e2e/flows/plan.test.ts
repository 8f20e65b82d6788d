import { expect, it } from 'vitest'
import { withBrowser } from '../person'

const visit = withBrowser()

it('tells before a run what will run and why, and what that takes', async () => {
  await visit(async ({ page, node, field, press }) => {
    await node('Sample').waitFor()
    const plan = (title: string) => node(title).locator('.plan')
    await field('Sample', 'seed').fill('271828')
    await expect.poll(() => plan('Sample').getAttribute('data-status')).toBe('run')
    await press('Control+Enter')
    await node('Save').getByRole('img', { name: 'Result 1 of Save' }).waitFor()
    for (const title of ['Model', 'Prompt', 'Sample', 'Save'])
      await expect.poll(() => plan(title).getAttribute('data-status')).toBe('cached')
    const estimate = page.getByRole('note', { name: 'What a run takes now' })
    expect(await estimate.textContent()).toBe('all cached')

    await field('Sample', 'steps').fill('21')
    await expect.poll(() => plan('Sample').getAttribute('title')).toContain('steps: 20 → 21')
    expect(await plan('Prompt').getAttribute('data-status')).toBe('cached')
    expect(await plan('Save').getAttribute('title')).toContain('Something above it changed: Sample')
    expect(await estimate.textContent()).toMatch(/^≈ .* s/)
    expect(await estimate.getAttribute('title')).toContain('3 nodes run, 4 are cached')
  })
})
