import { expect, it } from 'vitest'
import { contentOf, drop, type Person, withBrowser } from '../person'

const visit = withBrowser()

/** Makes a subgraph of nodes, and says what it is called. */
async function subgraphOf({ page, node, press }: Person, first: string, ...more: readonly string[]) {
  await node(first).locator('header').click()
  for (const title of more)
    await node(title)
      .locator('header')
      .click({ modifiers: ['Shift'] })
  await press('Control+Shift+e')
  await node('Subgraph').waitFor()
  await expect
    .poll(() => page.getByRole('group', { name: new RegExp(`^${more.at(-1)}, node `) }).count())
    .toBe(0)
}

const way = (page: Person['page']) => page.getByRole('navigation', { name: 'The way to this subgraph' })

it('takes back and does again what was done in a subgraph there, and brings it into view', async () => {
  await visit(async (person) => {
    const { page, node, field, press } = person
    await subgraphOf(person, 'Prompt', 'Negative prompt')
    await node('Subgraph').locator('header').dblclick()
    await way(page).waitFor()
    await field('Prompt', 'text').fill('a small fox')
    await press('Escape')
    await press('Escape')
    await way(page).waitFor({ state: 'detached' })
    await press('Control+z')
    await way(page).waitFor()
    await expect
      .poll(() => field('Prompt', 'text').inputValue())
      .toBe('a large red circle on a blue background')
    await expect.poll(() => page.getByRole('status').filter({ hasText: 'Taken back: text' }).count()).toBe(1)
    await press('Alt+ArrowLeft')
    await way(page).waitFor({ state: 'detached' })
    await press('Control+Shift+z')
    await way(page).waitFor()
    await expect.poll(() => field('Prompt', 'text').inputValue()).toBe('a small fox')

    await press('Escape')
    await way(page).waitFor({ state: 'detached' })
    await node('Save').locator('header').click()
    await press('p')
    await node('Save').getByRole('img', { name: 'pinned' }).waitFor()
    await node('Model').locator('header').click()
    await press('f') // as large as it gets, which leaves no room for the other end
    await node('Save').waitFor({ state: 'detached' })
    await press('Control+z')
    await node('Save').waitFor()
    expect(await node('Save').getByRole('img', { name: 'pinned' }).count()).toBe(0)
  })
})

it('runs an instance alone, and a node inside of it, and says why a note does not', async () => {
  await visit(async (person) => {
    const { page, node, press } = person
    await subgraphOf(person, 'Sample', 'Decode')
    const before = await page.getByRole('img', { name: /^Result 1/ }).count()
    expect(before).toBe(0)
    await node('Subgraph').locator('header').click({ button: 'right' })
    await page.getByRole('menuitem', { name: 'Run only what is chosen' }).click()
    await node('Subgraph')
      .getByRole('img', { name: /^Result 1/ })
      .waitFor()
    expect(
      await node('Save')
        .getByRole('img', { name: /^Result/ })
        .count(),
    ).toBe(0)
    await node('Subgraph').locator('header').dblclick()
    await way(page).waitFor()
    await node('Decode').locator('header').click()
    await press('Alt+Enter')
    await node('Decode')
      .getByRole('img', { name: /^Result 1/ })
      .waitFor()
    await press('Control+k')
    await page.getByRole('combobox', { name: 'Commands' }).fill('markdown note')
    await press('Enter')
    const note = page.getByRole('group', { name: /^Markdown Note, node / })
    await note.locator('header').click({ button: 'right' })
    const item = page.getByRole('menuitem', { name: /^Run only what is chosen/ })
    expect(await item.getAttribute('aria-disabled')).toBe('true')
    expect(await item.textContent()).toContain('do not run by themselves')
  })
})

it('shows fields of nodes in subgraphs in the form, from their menu and the dialog, also after saving', async () => {
  await visit(async (person) => {
    const { page, node, field, press } = person
    await subgraphOf(person, 'Sample', 'Decode')
    await subgraphOf(person, 'Subgraph', 'Save')
    await node('Subgraph').locator('header').dblclick()
    await node('Save').waitFor()
    await node('Subgraph').locator('header').dblclick()
    await node('Sample').waitFor()
    await field('Sample', 'denoise').click({ button: 'right' })
    await page.getByRole('menuitem', { name: 'Show denoise in the form' }).click()
    await press('Escape') // from the field to its node
    await press('Alt+f')
    const dialog = page.getByRole('dialog', { name: 'Choose the fields' })
    const save = dialog.getByRole('group', { name: 'Subgraph › Save', exact: true })
    await save.getByRole('checkbox', { name: 'filename_prefix' }).check()
    await save.getByRole('textbox', { name: /filename_prefix$/ }).fill('called')
    const sample = dialog.getByRole('group', { name: 'Subgraph › Subgraph › Sample', exact: true })
    for (const name of ['denoise', 'steps'])
      expect(await sample.getByRole('checkbox', { name, exact: true }).isChecked()).toBe(true)
    await press('Escape')
    await dialog.waitFor({ state: 'detached' })
    await press('v')
    const form = page.getByRole('region', { name: 'Fields' })
    await form.getByRole('spinbutton', { name: 'denoise' }).fill('0.75')
    await form.getByRole('textbox', { name: 'called' }).fill('boats/a')
    await page.getByRole('button', { name: 'Form', exact: true }).click()
    await expect.poll(() => field('Sample', 'denoise').inputValue()).toBe('0.75')
    for (const [command, name] of [
      ['save a copy as a file', 'again'],
      ['export for the api', 'sent'],
    ] as const) {
      const saved = page.waitForEvent('download')
      await press('Control+k')
      await page.getByRole('combobox', { name: 'Commands' }).fill(command)
      await press('Enter')
      await drop(page, `${name}.json`, await contentOf(await saved))
      const tabs = page.getByRole('navigation', { name: 'Open workflows' })
      await tabs.getByRole('button', { name, exact: true }).waitFor()
      await page.getByText('Nothing here yet').waitFor({ state: 'detached' })
      await press('v')
      await expect.poll(() => form.getByRole('spinbutton', { name: 'denoise' }).inputValue()).toBe('0.75')
      expect(await form.getByRole('textbox', { name: 'called' }).inputValue()).toBe('boats/a')
      expect(await form.getByRole('textbox', { name: 'prompt', exact: true }).count()).toBe(1)
      await page.getByRole('button', { name: 'Form', exact: true }).click()
      await page
        .getByRole('group', { name: /, node / })
        .first()
        .waitFor()
    }
  })
})
