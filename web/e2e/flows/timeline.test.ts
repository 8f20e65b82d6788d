import { expect, it } from 'vitest'
import { withBrowser } from '../person'

const visit = withBrowser()

it('shows what happens in a run and when, and which models are in memory', async () => {
  await visit(async ({ page, node, field, press }) => {
    await node('Sample').waitFor()
    await press('Alt+1')
    await page.getByText('Run the workflow: here is what happens').waitFor()
    await field('Sample', 'Random seed now').click()
    await press('Control+Enter')
    const rows = page.getByRole('list', { name: 'What happened in the run' })
    await rows.getByRole('button', { name: /^Sample: .* s, from / }).waitFor()
    await rows.getByRole('button', { name: /^Save: / }).waitFor()

    await press('Alt+2')
    const below = page.getByRole('region', { name: 'Below the canvas' })
    await below.getByRole('img', { name: /^U-Net of inklet: .* on cpu$/ }).waitFor()
    await below.getByRole('button', { name: 'Free models', exact: true }).click()
    await below.getByText('No model is in memory.').waitFor()

    await press('Alt+3')
    await below.getByRole('log').or(below.getByText('Nothing has been logged.')).waitFor()
    await below.getByRole('button', { name: 'Close what is below' }).click()
    expect(await below.count()).toBe(0)
  })
})
