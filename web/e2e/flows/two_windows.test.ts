import { expect, it } from 'vitest'
import { personOf, withBrowser } from '../person'

const visit = withBrowser()

it('gives each of two windows its own workflow and its own results', async () => {
  await visit(async (person) => {
    const { page, node, field, press } = person
    await field('Prompt', 'text').fill('a green square')
    const other = await page.context().newPage()
    await other.goto(page.url())
    const second = personOf(other)
    await second.field('Prompt', 'text').fill('a yellow star')
    await second.field('Save', 'filename_prefix').fill('second')
    await field('Save', 'filename_prefix').fill('first')

    await press('Control+Enter')
    await second.press('Control+Enter')
    const result = (one: typeof person) => one.node('Save').getByRole('img', { name: 'Result 1 of Save' })
    await Promise.all([result(person).waitFor(), result(second).waitFor()])
    expect(await result(person).getAttribute('src')).toContain('filename=first')
    expect(await result(second).getAttribute('src')).toContain('filename=second')

    await page.reload()
    await other.reload()
    await Promise.all([node('Prompt').waitFor(), second.node('Prompt').waitFor()])
    expect(await field('Prompt', 'text').inputValue()).toBe('a green square')
    expect(await second.field('Prompt', 'text').inputValue()).toBe('a yellow star')
  })
})

it('keeps two workflows of one window apart: fields, undo and results', async () => {
  await visit(async ({ page, node, field, press }) => {
    const tab = (name: string) =>
      page.getByRole('navigation', { name: 'Open workflows' }).getByRole('button', { name, exact: true })
    await field('Sample', 'steps').fill('3')
    await node('Sample').locator('header').click()
    await press('t')
    await page.getByRole('button', { name: 'Two passes', exact: true }).click()
    await tab('two passes').waitFor()
    await press('t')
    await node('Sample small').waitFor()
    await press('.')
    await press('Control+z') // of a workflow that nothing was changed in
    await press('Control+Enter')
    await node('Save').getByRole('img', { name: 'Result 1 of Save' }).waitFor()
    await page
      .getByRole('button', { name: /^text to image/ })
      .first()
      .click()
    expect(await field('Sample', 'steps').inputValue()).toBe('3')
    expect(await node('Save').getByRole('img', { name: 'Result 1 of Save' }).count()).toBe(0)
    await press('Control+z')
    await expect.poll(() => field('Sample', 'steps').inputValue()).toBe('20')
    await tab('two passes').click()
    await node('Save').getByRole('img', { name: 'Result 1 of Save' }).waitFor()
  })
})
