import { expect, it } from 'vitest'
import { withBrowser } from '../person'

const visit = withBrowser()

it('builds by keyboard alone: adds a node, goes from port to port, links two, and hears of it', async () => {
  await visit(async ({ page, node, press }) => {
    await node('Decode').waitFor()
    await press('a')
    await page.getByRole('combobox', { name: 'Add a node' }).fill('invert image')
    await press('Enter')
    const added = page.getByRole('group', { name: /^Invert.*, node / })
    await expect.poll(() => added.evaluate((one) => one === document.activeElement)).toBe(true)

    await press('Enter') // to its first port
    const input = added.getByRole('button', { name: /^input .*IMAGE/ })
    await expect.poll(() => input.evaluate((one) => one === document.activeElement)).toBe(true)
    await press('Enter') // begins a link
    const told = page.locator('.canvas').getByRole('status')
    await expect.poll(() => told.textContent()).toMatch(/^Linking from Invert/)

    await node('Decode').focus()
    await press('Enter') // to the only port that fits
    const output = node('Decode').getByRole('button', { name: 'output IMAGE, IMAGE' })
    await expect.poll(() => output.evaluate((one) => one === document.activeElement)).toBe(true)
    await press('Enter')
    await expect.poll(() => told.textContent()).toMatch(/^Linked to Decode/)
    await expect.poll(() => page.getByRole('group', { name: /^Link of IMAGE/ }).count()).toBe(2)

    await press('Delete') // at the output: both its links
    await expect.poll(() => page.getByRole('group', { name: /^Link of IMAGE/ }).count()).toBe(0)
    await press('Control+z')
    await expect.poll(() => page.getByRole('group', { name: /^Link of IMAGE/ }).count()).toBe(2)

    await press('Escape')
    await press('Control+ArrowRight')
    await expect.poll(() => node('Save').evaluate((one) => one === document.activeElement)).toBe(true)
  })
})

it('goes back to where one looked before', async () => {
  await visit(async ({ page, node, press }) => {
    await node('Save').locator('header').click()
    const zoom = page.getByText(/^Zoom \d+%$/)
    const before = await zoom.textContent()
    await press('f')
    await expect.poll(() => zoom.textContent()).not.toBe(before)
    await press('Alt+ArrowLeft')
    await expect.poll(() => zoom.textContent()).toBe(before)
    await press('Alt+ArrowRight')
    await expect.poll(() => zoom.textContent()).not.toBe(before)
  })
})
