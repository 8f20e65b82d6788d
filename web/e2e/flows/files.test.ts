import type { Page } from 'playwright-core'
import { expect, inject, it } from 'vitest'
import { contentOf, drop, withBrowser } from '../person'

const visit = withBrowser()

const tab = (page: Page, name: string) =>
  page.getByRole('navigation', { name: 'Open workflows' }).getByRole('button', { name, exact: true })

/** Tells whether the browser keeps a text for a window that is lost. */
function keeps(page: Page, text: string): Promise<boolean> {
  return page.evaluate(
    (wanted) =>
      new Promise<boolean>((told) => {
        const opening = indexedDB.open('inkloom')
        opening.onsuccess = () => {
          const all = opening.result.transaction('windows').objectStore('windows').getAll()
          all.onsuccess = () => {
            opening.result.close()
            told(all.result.some((record: { text: string }) => record.text.includes(wanted)))
          }
        }
      }),
    text,
  )
}

async function saveAs(page: Page, name: string): Promise<void> {
  await page.getByRole('textbox', { name: /^Name/ }).fill(name)
  await page.keyboard.press('Enter')
  await page.getByText(`${name}.json is saved`).waitFor()
}

it('saves on the server, finds it again, renames it into a folder, and deletes it', async () => {
  await visit(async ({ page, field, node, press }) => {
    await field('Prompt', 'text').fill('a lighthouse')
    await press('Control+s')
    await saveAs(page, 'lighthouse')
    expect(await page.getByLabel('not saved').count()).toBe(0)
    await field('Prompt', 'text').fill('a red lighthouse')
    await press('Control+s')
    await page.getByLabel('not saved').waitFor({ state: 'detached' })

    await page.getByRole('button', { name: 'Close lighthouse' }).click()
    await page.getByRole('button', { name: 'Saved' }).click()
    await page.getByRole('button', { name: /^lighthouse/ }).click()
    await node('Prompt').waitFor()
    expect(await field('Prompt', 'text').inputValue()).toBe('a red lighthouse')

    await page.getByRole('button', { name: 'Rename lighthouse' }).click()
    await page.getByRole('textbox', { name: /^Name/ }).fill('towers/tall')
    await press('Enter')
    await page.getByText(/^towers/).waitFor()
    await tab(page, 'tall').waitFor()
    await page.getByRole('button', { name: 'Delete tall' }).click()
    await page.getByRole('button', { name: 'Delete it' }).click()
    await page.getByRole('button', { name: 'Delete tall' }).waitFor({ state: 'hidden' })
    await page.getByLabel('not saved').waitFor()
  })
})

it('asks before it replaces what was saved elsewhere meanwhile', async () => {
  await visit(async ({ page, field, press }) => {
    await field('Prompt', 'text').fill('mine')
    await press('Control+s')
    await saveAs(page, 'shared')
    const url = `${inject('base')}/api/userdata/workflows%2Fshared.json`
    await fetch(url, { method: 'POST', body: '{"nodes": [], "links": []}' })
    await field('Prompt', 'text').fill('mine again')
    await press('Control+s')
    await page
      .getByRole('dialog', { name: 'Replace shared?' })
      .getByRole('button', { name: 'Cancel' })
      .click()
    expect(await (await fetch(url)).text()).toBe('{"nodes": [], "links": []}')
    await page.getByLabel('not saved').waitFor()
    await press('Control+s')
    await page.getByRole('button', { name: 'Replace it' }).click()
    await page.getByLabel('not saved').waitFor({ state: 'detached' })
    expect(await (await fetch(url)).text()).toContain('mine again')
    await fetch(url, { method: 'DELETE' })
  })
})

it('opens a dropped picture with its workflow, an API file, and tells of a file that is none; nothing runs', async () => {
  await visit(async ({ page, node, field, press }) => {
    await field('Prompt', 'text').fill('a green kite')
    await press('Control+Enter')
    const picture = node('Save').getByRole('img', { name: 'Result 1 of Save' })
    await picture.waitFor()
    const bytes = await (await fetch((await picture.getAttribute('src')) ?? '')).bytes()

    await drop(page, 'kite.png', bytes)
    await tab(page, 'kite').waitFor()
    expect(await field('Prompt', 'text').inputValue()).toBe('a green kite')

    const [exported] = await Promise.all([
      page.waitForEvent('download'),
      (async () => {
        await press('Control+k')
        await page.getByRole('combobox', { name: 'Commands' }).fill('export api')
        await press('Enter')
      })(),
    ])
    expect(exported.suggestedFilename()).toBe('kite (API).json')
    const text = await contentOf(exported)
    const prompt = JSON.parse(text.toString()) as Record<string, { class_type: string }>
    expect(Object.values(prompt).map((one) => one.class_type)).toContain('KSampler')

    await drop(page, 'sent.json', text)
    await tab(page, 'sent').waitFor()
    expect(await field('Prompt', 'text').inputValue()).toBe('a green kite')
    await drop(page, 'notes.txt', Buffer.from('hello'))
    await page.getByText('notes.txt can’t be opened').waitFor()
    const queue = (await (await fetch(`${inject('base')}/api/queue`)).json()) as Record<string, unknown[]>
    expect([queue['queue_running'], queue['queue_pending']]).toEqual([[], []])
    await page.waitForFunction(() => !document.title.includes('▸'))
  })
})

it('brings back what was open when the window was lost, however large, and what is not saved', async () => {
  await visit(async ({ page, field }) => {
    const long = 'a very long prompt '.repeat(400_000)
    await field('Prompt', 'text').waitFor()
    await drop(
      page,
      'long.json',
      Buffer.from(
        JSON.stringify({
          nodes: [{ id: 1, type: 'Note', pos: [0, 0], size: [300, 200], widgets_values: [long] }],
          links: [],
          version: 0.4,
        }),
      ),
    )
    await tab(page, 'long').waitFor()
    await tab(page, 'text to image').click()
    await field('Prompt', 'text').fill('a lost kite')
    await expect.poll(() => keeps(page, 'a lost kite')).toBe(true)
    const context = page.context()
    await page.close()

    const next = await context.newPage()
    await next.goto(`${inject('base')}/`)
    await tab(next, 'long').waitFor()
    const prompt = next.getByRole('group', { name: /^Prompt, node/ }).getByLabel('text', { exact: true })
    await prompt.waitFor()
    expect(await prompt.inputValue()).toBe('a lost kite')
    expect(await next.getByLabel('not saved').count()).toBe(1)
    const beside = await context.newPage()
    await beside.goto(`${inject('base')}/`)
    await tab(beside, 'text to image').waitFor()
    expect(await tab(beside, 'long').count()).toBe(0) // it is open in a window that lives
  })
})
