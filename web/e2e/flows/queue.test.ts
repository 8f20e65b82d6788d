import { expect, it } from 'vitest'
import { withBrowser } from '../person'

const visit = withBrowser()

it('queues several runs, orders and cancels them, and opens again what one of them ran', async () => {
  await visit(async ({ page, node, field, press }) => {
    await node('Sample').waitFor()
    await field('Sample', 'steps').fill('200')
    await field('Sample', 'After each run').selectOption('increment')
    await field('Sample', 'seed').fill('5000')
    await page.getByRole('spinbutton', { name: 'Times' }).fill('3')
    await press('Control+Enter')
    await expect.poll(() => field('Sample', 'seed').inputValue()).toBe('5003')

    await node('Sample').locator('header').click()
    await press('Alt+q')
    const panel = page.getByRole('region', { name: 'Queue', exact: true })
    const waiting = panel.getByRole('region', { name: 'Waiting' })
    await expect.poll(() => waiting.getByRole('listitem').count()).toBe(2)
    await waiting.getByRole('listitem').nth(1).getByRole('button', { name: /next$/ }).click()
    await waiting
      .getByRole('listitem')
      .nth(1)
      .getByRole('button', { name: /^Cancel/ })
      .click()
    await expect.poll(() => waiting.getByRole('listitem').count()).toBe(1)

    const asked = Date.now()
    await page.getByRole('button', { name: 'Cancel', exact: true }).click()
    await page.getByText('Stopping…').or(page.getByText('Cancelled')).first().waitFor()
    expect(Date.now() - asked).toBeLessThan(PATIENT)

    // Only what ran has stopped: the next one follows, until all are told to.
    await page.getByRole('progressbar', { name: 'Progress of Sample' }).first().waitFor()
    await expect.poll(() => waiting.getByRole('listitem').count()).toBe(0)
    await press('Control+Alt+Shift+Enter')

    const done = panel.getByRole('region', { name: 'Done' })
    await expect.poll(() => done.getByText('Cancelled').count()).toBeGreaterThanOrEqual(3)
    await done
      .getByRole('button', { name: /^Open the workflow of text to image/ })
      .first()
      .click()
    await expect.poll(() => page.locator('.tab').count()).toBe(2)
    await expect.poll(() => field('Sample', 'steps').inputValue()).toBe('200')

    const count = await done.getByRole('listitem').count()
    await done
      .getByRole('button', { name: /^Forget text to image/ })
      .first()
      .click()
    await expect.poll(() => done.getByRole('listitem').count()).toBe(count - 1)
  })
})

/** Milliseconds: a machine with two busy cores is given more than the second that a person is. */
const PATIENT = 10_000

it('gives back the seed of the last run', async () => {
  await visit(async ({ node, field, press }) => {
    await node('Sample').waitFor()
    await field('Sample', 'steps').fill('1')
    await field('Sample', 'seed').fill('9007199254740993')
    await field('Sample', 'After each run').selectOption('randomize')
    await press('Control+Enter')
    const last = node('Sample').getByRole('button', { name: 'Seed of the last run: 9007199254740993' })
    await last.click()
    expect(await field('Sample', 'seed').inputValue()).toBe('9007199254740993')
    await node('Save').getByRole('img', { name: 'Result 1 of Save' }).waitFor()
  })
})
