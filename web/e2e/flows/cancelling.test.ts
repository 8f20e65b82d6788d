import type { Page } from 'playwright-core'
import { afterEach, expect, inject, it } from 'vitest'
import { type Person, withBrowser } from '../person'

const visit = withBrowser()
afterEach(() => stopAll(inject('base')))

/** Steps that take a while: long enough to do something in the middle of them. */
const MANY = '160'

/** How many steps the sampler has done; -1 where it shows none. */
async function stepsDone({ node }: Pick<Person, 'node'>): Promise<number> {
  const bar = node('Sample').getByRole('progressbar')
  return (await bar.count()) === 0 ? -1 : Number((await bar.getAttribute('value', { timeout: 1000 })) ?? -1)
}

/** Stops what an earlier flow may have left running: all flows share one server. */
async function stopAll(base: string): Promise<void> {
  await fetch(`${base}/api/queue`, { method: 'POST', body: '{"clear": true}' })
  await fetch(`${base}/api/interrupt`, { method: 'POST', body: '{}' })
}

async function beginLong(person: Person): Promise<void> {
  const { field, press } = person
  await field('Sample', 'steps').fill(MANY)
  await field('Sample', 'seed').fill(String(Date.now())) // nothing of it is cached
  await press('Control+Enter')
  await expect.poll(() => stepsDone(person), { timeout: 30_000 }).toBeGreaterThan(2)
}

const cancelButton = (page: Page) => page.getByRole('button', { name: 'Cancel', exact: true })

it('stops a run in the middle of it, and can run again', async () => {
  await visit(async (person) => {
    const { page, node, field, press } = person
    await beginLong(person)
    await cancelButton(page).click()
    await cancelButton(page).waitFor({ state: 'detached' })
    await page.getByText('Cancelled').first().waitFor()
    expect(await stepsDone(person)).toBe(-1)
    expect(await node('Save').getByRole('img').count()).toBe(0)
    await field('Sample', 'steps').fill('4')
    await press('Control+Enter')
    await node('Save').getByRole('img', { name: 'Result 1 of Save' }).waitFor()
  })
}, 120_000)
