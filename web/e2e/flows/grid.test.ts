import { expect, it } from 'vitest'
import { contentOf, withBrowser } from '../person'

const visit = withBrowser()

it('makes a grid over two fields, with the values at its edges, and saves it as one picture', async () => {
  await visit(async ({ page, node, field, press }) => {
    await node('Sample').waitFor()
    const first = (await field('Sample', 'sampler_name').textContent()) ?? ''
    await press('Alt+b')
    await page.getByRole('combobox', { name: 'Field of the Columns' }).selectOption({ label: 'steps' })
    const values = page.getByRole('textbox', { name: 'Values of the Columns' })
    await values.fill('2, many')
    await page.getByText('“many” is no value of this field.').waitFor()
    expect(await page.getByRole('button', { name: 'Make the grid' }).isDisabled()).toBe(true)
    await values.fill('2, 4')
    await page.getByRole('combobox', { name: 'Field of the Rows' }).selectOption({ label: 'sampler_name' })
    await page.getByRole('checkbox', { name: 'heun', exact: true }).check()
    await page.getByText('4 pictures').waitFor()
    await page.getByRole('button', { name: 'Make the grid' }).click()

    for (const name of [`${first}, 2`, `${first}, 4`, 'heun, 2', 'heun, 4'])
      await page.getByRole('img', { name }).waitFor()
    await page.getByText('4 of 4').waitFor()
    const sources = await page
      .locator('.grid-picture img')
      .evaluateAll((all) => all.map((one) => (one as HTMLImageElement).src))
    expect(new Set(sources).size).toBe(4)
    const [saved] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Save as one picture' }).click(),
    ])
    expect(saved.suggestedFilename()).toBe('text to image grid.png')
    const bytes = await contentOf(saved)
    const [width, height] = [bytes.readUInt32BE(16), bytes.readUInt32BE(20)]
    expect(width).toBeGreaterThan(2 * 128)
    expect(height).toBeGreaterThan(2 * 128)
    await press('Escape')
    expect(await page.getByLabel('not saved').count()).toBe(0) // the workflow itself is as it was
  })
})
