import { expect, it } from 'vitest'
import { withBrowser } from '../person'

const visit = withBrowser()

it('adds a node by a double click, a few letters and Enter', async () => {
  await visit(async ({ page, node, press, doubleClickNothing }) => {
    await node('Sample').waitFor()
    await doubleClickNothing()
    const search = page.getByRole('combobox', { name: 'Add a node' })
    await search.fill('ksampleradv')
    await press('Enter')
    await page.getByRole('dialog').waitFor({ state: 'hidden' })
    await node('KSampler \\(Advanced\\)|KSamplerAdvanced').waitFor()
    expect(await page.getByRole('contentinfo').textContent()).toContain('8 nodes')
  })
})
