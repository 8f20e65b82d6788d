import { expect, it } from 'vitest'
import { withBrowser } from '../person'

const visit = withBrowser()

it('gives a command other keys, speaks another language, and remembers both elsewhere', async () => {
  await visit(async ({ page, node, press }) => {
    await node('Sample').waitFor()
    await press('Control+,')
    await page.getByRole('searchbox', { name: 'Search settings' }).fill('gallery panel')
    await page.getByRole('button', { name: 'Keys of “Gallery panel”' }).click()
    await press('Control+Shift+y')
    await page.getByRole('searchbox', { name: 'Search settings' }).fill('language')
    const kept = page.waitForResponse((answer) => answer.url().includes('settings/inkloom.language'))
    await page.getByRole('combobox', { name: 'Language' }).selectOption('de')
    await press('Escape') // empties the search
    await press('Escape')
    await page.getByRole('dialog').waitFor({ state: 'hidden' })
    await press('Control+Shift+y')
    await page.getByRole('heading', { name: 'Galerie' }).waitFor()
    expect(await page.evaluate(() => document.documentElement.lang)).toBe('de')
    await press('i')
    await page.getByRole('heading', { name: 'Galerie' }).waitFor()

    await kept
    const other = await page.context().browser()?.newContext({ locale: 'en-GB' })
    const elsewhere = await other?.newPage()
    await elsewhere?.goto(new URL('/', page.url()).href)
    await elsewhere?.getByRole('button', { name: 'Starten' }).first().waitFor()
    await other?.close()
  })
})
