/** What hands that know another editor of this kind do without thinking. */

import type { Locator, Page } from 'playwright-core'
import { expect, it } from 'vitest'
import { drop, type Person, withBrowser } from '../person'

const visit = withBrowser()

/** The middle of a node's header. */
async function headerOf(
  { node }: Person,
  title: string,
): Promise<{ readonly x: number; readonly y: number }> {
  const header = node(title).locator('.node-header')
  await header.waitFor()
  const box = await header.boundingBox()
  if (box === null) throw new Error(`${title} is not there`)
  return { x: box.x + 30, y: box.y + box.height / 2 }
}

async function middleOf(part: Locator): Promise<{ readonly x: number; readonly y: number }> {
  const box = await part.boundingBox()
  if (box === null) throw new Error('it is not there')
  return { x: box.x + box.width / 2, y: box.y + box.height / 2 }
}

async function dragTo(
  page: Page,
  from: Locator,
  to: { readonly x: number; readonly y: number },
): Promise<void> {
  const { x, y } = await middleOf(from)
  await page.mouse.move(x, y)
  await page.mouse.down()
  await page.mouse.move(to.x, to.y, { steps: 8 })
  await page.mouse.up()
}

const chosen = (page: Page) => page.locator('.react-flow__node.selected')

it('types into what has just opened: the choices of a field, the name of a file', async () => {
  await visit(async ({ page, field, press }) => {
    const sampler = field('Sample', 'sampler_name')
    await sampler.click()
    await page.getByRole('listbox', { name: 'sampler_name' }).waitFor()
    await page.keyboard.type('heunpp')
    await press('Enter')
    await expect.poll(() => sampler.textContent()).toBe('heunpp2')
    expect(await page.getByRole('region', { name: 'Problems' }).count()).toBe(0)

    await press('Control+s')
    await page.getByRole('dialog', { name: 'Save the workflow' }).waitFor()
    await page.keyboard.type('typed at once')
    await press('Enter')
    await page.getByText('typed at once.json is saved').waitFor()
    await page.getByLabel('not saved').waitFor({ state: 'detached' })
  })
})

it('chooses one of many by a click, and moves the view by Space wherever the mouse is', async () => {
  await visit(async (person) => {
    const { page, press } = person
    const { x, y } = await headerOf(person, 'Sample')
    await press('Control+a')
    await expect.poll(() => chosen(page).count()).toBe(7)
    await page.mouse.click(x, y)
    await expect.poll(() => chosen(page).count()).toBe(1)

    const before = await headerOf(person, 'Model')
    await page.keyboard.down(' ')
    await page.locator('.react-flow__node-node:not(.draggable)').first().waitFor()
    await page.mouse.move(x, y)
    await page.mouse.down()
    await page.mouse.move(x + 60, y + 80, { steps: 4 })
    await page.mouse.up()
    await page.keyboard.up(' ')
    await expect.poll(async () => (await headerOf(person, 'Model')).y - before.y).toBeGreaterThan(40)
    expect(await page.getByLabel('not saved').count()).toBe(0) // no node was moved
  })
})

it('takes a link off an input by its port: to another one, or into the void', async () => {
  await visit(async ({ page, node, press }) => {
    const negative = node('Sample').getByLabel('input negative, CONDITIONING')
    const positive = node('Sample').getByLabel('input positive, CONDITIONING')
    const ofPrompt = page.getByRole('group', { name: /^Link of CONDITIONING from node 6 / })
    const links = page.locator('.react-flow__edge')
    await negative.waitFor()
    await expect.poll(() => links.count()).toBe(9)
    await dragTo(page, positive, await middleOf(negative))
    await expect.poll(() => links.count()).toBe(8) // it has taken the place of the other one
    await ofPrompt.waitFor({ state: 'attached' })
    await press('Control+z')
    await expect.poll(() => links.count()).toBe(9)
    const { x, y } = await middleOf(negative)
    await dragTo(page, negative, { x: x - 20, y: y + 330 })
    await expect.poll(() => links.count()).toBe(8)
    expect(await page.getByRole('dialog').count()).toBe(0)
  })
})

it('copies what is dragged with Alt, and leaves it where it was', async () => {
  await visit(async (person) => {
    const { page, node, press } = person
    const before = await headerOf(person, 'Size')
    await page.keyboard.down('Alt')
    await page.mouse.move(before.x, before.y)
    await page.mouse.down()
    await page.mouse.move(before.x + 20, before.y + 160, { steps: 6 })
    await page.mouse.up()
    await page.keyboard.up('Alt')
    await expect.poll(() => node('Size').count()).toBe(2)
    const ends = await node('Size').locator('.node-header').all()
    const heights = await Promise.all(ends.map(async (one) => (await one.boundingBox())?.y ?? 0))
    const [one = 0, other = 0] = heights.sort((a, b) => a - b)
    expect(other - one).toBeGreaterThan(100)
    await press('Control+z')
    await expect.poll(() => node('Size').count()).toBe(1)
    expect(await headerOf(person, 'Size')).toEqual(before)
  })
})

it('is not unsaved any more when all is taken back', async () => {
  await visit(async ({ page, field, press }) => {
    await field('Sample', 'steps').fill('12')
    await press('Enter')
    await page.getByLabel('not saved').waitFor()
    await press('Control+z')
    await page.getByLabel('not saved').waitFor({ state: 'detached' })
    await press('Control+y')
    await page.getByLabel('not saved').waitFor()
  })
})

it('makes a node of a picture that carries no workflow, where it is dropped', async () => {
  await visit(async ({ page, node }) => {
    await node('Sample').waitFor()
    const picture = await page.evaluate(() => {
      const canvas = document.createElement('canvas')
      canvas.width = canvas.height = 8
      return canvas.toDataURL('image/png').split(',')[1] ?? ''
    })
    await drop(page, 'plain.png', Buffer.from(picture, 'base64'))
    const load = node('Load Image')
    await load.waitFor()
    await expect.poll(() => load.getByRole('combobox', { name: 'image' }).textContent()).toBe('plain.png')
    expect(await page.locator('.tab').count()).toBe(1)
  })
})

it('offers what is mostly linked first when a link ends in the void', async () => {
  await visit(async (person) => {
    const { page, node } = person
    const port = node('Sample').getByLabel('output LATENT, LATENT')
    const pane = await middleOf(page.locator('.react-flow__pane'))
    await dragTo(page, port, { x: pane.x, y: pane.y * 2 - 120 })
    const first = page.getByRole('listbox').getByRole('option').first()
    await expect.poll(() => first.textContent()).toContain('VAE Decode')
  })
})
