import { expect, it } from 'vitest'
import { type Person, withBrowser } from '../person'

const visit = withBrowser()

/** Drags from one place to another, in steps as a hand does. */
async function drag(
  { page }: Person,
  from: { readonly x: number; readonly y: number },
  to: { readonly x: number; readonly y: number },
): Promise<void> {
  await page.mouse.move(from.x, from.y)
  await page.mouse.down()
  await page.mouse.move((from.x + to.x) / 2, (from.y + to.y) / 2, { steps: 4 })
  await page.mouse.move(to.x, to.y, { steps: 4 })
  await page.mouse.up()
}

async function middle(
  locator: ReturnType<Person['node']>,
): Promise<{ readonly x: number; readonly y: number }> {
  const box = await locator.boundingBox()
  if (box === null) throw new Error('it is not there')
  return { x: box.x + box.width / 2, y: box.y + box.height / 2 }
}

it('draws a link into the void, is offered what fits, and links what it chooses', async () => {
  await visit(async (person) => {
    const { page, node, press } = person
    await node('Decode').waitFor()
    const port = node('Decode').getByRole('button', { name: 'output IMAGE, IMAGE' })
    await drag(person, await middle(port), { x: 1100, y: 780 })
    const search = page.getByRole('combobox', { name: 'Add a node for IMAGE' })
    await search.fill('invert')
    await press('Enter')
    await page.getByRole('group', { name: /^Invert.*, node / }).waitFor()
    const linked = page.getByRole('group', { name: /^Link of IMAGE from node \d+ to node \d+$/ })
    await expect.poll(() => linked.count()).toBe(2)
    await press('Control+z')
    await expect.poll(() => linked.count()).toBe(1)
    expect(await page.getByRole('group', { name: /^Invert.*, node / }).count()).toBe(0)
  })
})

it('dims the ports that a drawn link does not fit, and refuses them', async () => {
  await visit(async (person) => {
    const { page, node } = person
    await node('Decode').waitFor()
    const from = await middle(node('Decode').getByRole('button', { name: 'output IMAGE, IMAGE' }))
    const wrong = node('Sample').getByRole('button', { name: 'input model, MODEL' })
    await page.mouse.move(from.x, from.y)
    await page.mouse.down()
    const at = await middle(wrong)
    await page.mouse.move(at.x, at.y, { steps: 6 })
    expect(await wrong.getAttribute('data-fit')).toBe('false')
    expect(
      await node('Save').getByRole('button', { name: 'input images, IMAGE' }).getAttribute('data-fit'),
    ).toBe('true')
    await page.mouse.up()
    expect(await page.getByRole('group', { name: /^Link of IMAGE/ }).count()).toBe(1)
  })
})

it('drops a link on a field, which becomes an input, and takes it back', async () => {
  await visit(async (person) => {
    const { page, node, field, press, doubleClickNothing } = person
    await node('Sample').waitFor()
    await doubleClickNothing()
    await page.getByRole('combobox', { name: 'Add a node' }).fill('primitive')
    await press('Enter')
    const primitive = page.getByRole('group', { name: /^Primitive, node / })
    await primitive.waitFor()
    const from = await middle(primitive.getByRole('button', { name: /^output/ }))
    await drag(person, from, await middle(field('Sample', 'steps')))
    await field('Sample', 'steps').waitFor({ state: 'detached' })
    await press('Control+z')
    await field('Sample', 'steps').waitFor()
  })
})
