import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { drop, withBrowser } from '../person'

const visit = withBrowser()
const PICTURE = join(dirname(fileURLToPath(import.meta.url)), '../../../docs/inklet.png')

it('loads a picture that is chosen or dropped on the node, and shows it there', async () => {
  await visit(async ({ page, node, press, doubleClickNothing }) => {
    await node('Sample').waitFor()
    await doubleClickNothing()
    await page.getByRole('combobox', { name: 'Add a node' }).fill('loadimage')
    await press('Enter')
    const load = node('Load Image')
    const choice = load.getByRole('combobox', { name: 'image' })
    const chooser = page.waitForEvent('filechooser')
    await load.getByRole('button', { name: 'Upload a file for image' }).click()
    await (await chooser).setFiles({
      name: 'first.png',
      mimeType: 'image/png',
      buffer: readFileSync(PICTURE),
    })
    await expect.poll(() => choice.textContent()).toBe('first.png')
    const shown = load.getByRole('img', { name: 'first.png, as it is loaded' })
    await expect
      .poll(() => shown.evaluate((image: HTMLImageElement) => image.complete && image.naturalWidth > 0))
      .toBe(true)

    await drop(page, 'second.png', readFileSync(PICTURE), '.react-flow__node:has([aria-label="image"])')
    await expect.poll(() => choice.textContent()).toBe('second.png')
    expect(await page.locator('.tab').count()).toBe(1)
  })
})
