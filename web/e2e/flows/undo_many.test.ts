import type { Page } from 'playwright-core'
import { expect, it } from 'vitest'
import { type Person, withBrowser } from '../person'

const visit = withBrowser()

/** What a person sees of a workflow: every node with its place, its name and what its fields hold; the links. */
const seen = (page: Page): Promise<string> =>
  page.evaluate(() => {
    const nodes = [...document.querySelectorAll('.react-flow__node')].map((node) => {
      const fields = [...node.querySelectorAll('input, textarea, [role=combobox]')].map((field) =>
        'value' in field && field.tagName !== 'BUTTON' ? field.value : field.textContent,
      )
      const { transform } = (node as HTMLElement).style
      const mode = node.querySelector('.node')?.getAttribute('data-mode') ?? ''
      const pinned = node.classList.contains('draggable') ? '' : 'pinned'
      return [node.getAttribute('aria-label'), transform, mode, pinned, ...fields].join(' | ')
    })
    const status = document.querySelector('footer')?.textContent?.replace(/Zoom.*/, '') ?? ''
    return [...nodes.sort(), /\d+ nodes/.exec(status)?.[0]].join('\n')
  })

/** Puts the keys on the canvas, away from fields. */
const away = ({ page }: Person) => page.locator('.react-flow__pane').click({ position: { x: 8, y: 500 } })

type Step = (person: Person) => Promise<void>

/** Chooses a node and presses keys. */
const at =
  (title: string, ...keys: readonly string[]): Step =>
  async ({ node, press }) => {
    await node(title).first().locator('header').first().click()
    for (const one of keys) await press(one)
  }

const STEPS: readonly (readonly [string, Step])[] = [
  ['type a prompt', ({ field }) => field('Prompt', 'text').fill('one')],
  ['another number', ({ field }) => field('Sample', 'steps').fill('7')],
  ['a fraction', ({ field }) => field('Sample', 'cfg').fill('3.5')],
  ['a choice', choice],
  ['mute', at('Save', 'Control+m')],
  ['bypass', at('Decode', 'Control+b')],
  ['delete', at('Negative prompt', 'Delete')],
  ['add', (one) => add(one, 'ImageInvert')],
  ['move', (one) => drag(one, 'Prompt', 40, 60)],
  ['a long number', ({ field }) => field('Sample', 'seed').fill('18446744073709551615')],
  ['copy', at('Prompt', 'Control+c', 'Control+v')],
  ['duplicate', at('Sample', 'Control+d')],
  ['unmute', at('Save', 'Control+m')],
  ['fold', at('Save', 'Alt+c')],
  ['unfold', at('Save', 'Alt+c')],
  ['pin', at('Decode', 'p')],
  ['cut', at('Decode', 'Control+x')],
  ['add again', (one) => add(one, 'ImageScale')],
  ['a text', ({ field }) => field('Save', 'filename_prefix').fill('other')],
  ['move again', (one) => drag(one, 'Save', -30, 50)],
]

async function choice({ page, field }: Person): Promise<void> {
  await field('Sample', 'scheduler').first().click()
  await page.getByRole('option', { name: 'karras', exact: true }).click()
}

async function add({ page, press }: Person, type: string): Promise<void> {
  await press('a')
  await page.getByRole('combobox', { name: 'Add a node' }).fill(type)
  await press('Enter')
  await page.getByRole('dialog').waitFor({ state: 'hidden' })
}

async function drag({ page, node }: Person, title: string, dx: number, dy: number): Promise<void> {
  const box = await node(title).first().locator('header').first().boundingBox()
  if (box === null) throw new Error(`${title} is not to be seen`)
  const [x, y] = [box.x + box.width / 3, box.y + box.height / 2]
  await page.mouse.move(x, y)
  await page.mouse.down()
  await page.mouse.move(x + dx / 2, y + dy / 2)
  await page.mouse.move(x + dx, y + dy)
  await page.mouse.up()
}

it('takes twenty mixed steps back one by one, and does them all again', async () => {
  await visit(async (person) => {
    const { page, node, press } = person
    await node('Sample').waitFor()
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write'])
    await press('Alt+-') // room for what is added
    await page.waitForFunction(() => document.querySelectorAll('.node[data-far]').length === 0)
    const states = [await seen(page)]
    for (const [name, step] of STEPS) {
      await step(person)
      await away(person)
      const before = states.at(-1)
      await expect.poll(() => seen(page), { message: name }).not.toBe(before)
      states.push(await seen(page))
    }
    for (let at = STEPS.length - 1; at >= 0; at -= 1) {
      await press('Control+z')
      await expect.poll(() => seen(page), { message: `undo: ${STEPS[at]?.[0]}` }).toBe(states[at])
    }
    for (let at = 1; at <= STEPS.length; at += 1) {
      await press('Control+y')
      await expect.poll(() => seen(page), { message: `redo: ${STEPS[at - 1]?.[0]}` }).toBe(states[at])
    }
  })
}, 120_000)
