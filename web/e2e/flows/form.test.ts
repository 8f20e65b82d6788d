import { expect, it } from 'vitest'
import { withBrowser } from '../person'

const visit = withBrowser()

it('runs a workflow as a form, shows a field more, and hands it on by a link', async () => {
  await visit(async ({ page, node, press }) => {
    await node('Sample').waitFor()
    await press('v')
    const form = page.getByRole('region', { name: 'Fields' })
    const prompt = form.getByRole('textbox', { name: 'prompt', exact: true })
    await prompt.fill('a small fox')
    expect(await form.getByLabel('steps as typed').count()).toBe(0)
    await page.getByRole('button', { name: 'Choose the fields' }).click()
    const dialog = page.getByRole('dialog', { name: 'Choose the fields' })
    await dialog.getByRole('checkbox', { name: 'denoise' }).check()
    await dialog.getByRole('textbox', { name: /^Name of .*denoise$/ }).fill('how much')
    await press('Escape')
    await form.getByRole('spinbutton', { name: 'how much' }).waitFor()
    await form.getByRole('button', { name: 'Run', exact: true }).click()
    const results = page.getByRole('region', { name: 'Results' })
    await results.getByRole('img', { name: 'Result 1' }).waitFor()

    await page.context().grantPermissions(['clipboard-read', 'clipboard-write'])
    await page.getByRole('button', { name: 'Copy a link to this form' }).click()
    await page.getByText('The link is copied').waitFor()
    const link = await page.evaluate(() => navigator.clipboard.readText())
    const other = await page.context().browser()?.newContext()
    const elsewhere = await other?.newPage()
    await elsewhere?.goto(link)
    const there = elsewhere?.getByRole('textbox', { name: 'prompt', exact: true })
    await there?.waitFor()
    expect(await there?.inputValue()).toBe('a small fox')
    expect(await elsewhere?.getByRole('spinbutton', { name: 'how much' }).count()).toBe(1)
    expect(new URL(elsewhere?.url() ?? '').hash).toBe('')
    await other?.close()
    await press('Control+z')
  })
})

it('has the form, the gallery and the queue within a thumb on a phone', async () => {
  await visit(
    async ({ page }) => {
      const rail = page.getByRole('navigation', { name: 'Panels' })
      await rail.getByRole('button', { name: 'Form' }).click()
      const box = await rail.boundingBox()
      for (const name of ['Form', 'Gallery', 'Queue']) {
        const button = await rail.getByRole('button', { name }).boundingBox()
        expect((button?.x ?? 999) + (button?.width ?? 999)).toBeLessThanOrEqual((box?.width ?? 0) + 1)
        expect(button?.height).toBeGreaterThanOrEqual(40)
      }
      await page.getByRole('textbox', { name: 'prompt', exact: true }).fill('a boat')
      await page
        .getByRole('region', { name: 'Fields' })
        .getByRole('button', { name: 'Run', exact: true })
        .click()
      await page.getByRole('img', { name: 'Result 1' }).waitFor()
      const wide = () => page.evaluate(() => document.documentElement.scrollWidth - innerWidth)
      expect(await wide()).toBeLessThanOrEqual(0)
      await rail.getByRole('button', { name: 'Gallery' }).click()
      await page
        .getByRole('button', { name: /^Show / })
        .first()
        .waitFor()
      await rail.getByRole('button', { name: 'Queue' }).click()
      expect(await wide()).toBeLessThanOrEqual(0)
    },
    { viewport: { width: 390, height: 780 } },
  )
})
