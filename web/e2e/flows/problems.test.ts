import { expect, it } from 'vitest'
import { drop, withBrowser } from '../person'

const visit = withBrowser()

it('says what is wrong where it is while it is typed', async () => {
  await visit(async ({ node, field, press }) => {
    await node('Sample').waitFor()
    const steps = field('Sample', 'steps')
    await steps.fill('0')
    await node('Sample').getByText('0 is too small').waitFor()
    expect(await steps.getAttribute('aria-invalid')).toBe('true')
    await press('Tab') // who leaves the field gets the nearest right value
    expect(await steps.inputValue()).toBe('1')
    await expect.poll(() => node('Sample').getByText('0 is too small').count()).toBe(0)
  })
})

it('lists what is wrong in a file, goes there, and mends it by one click', async () => {
  await visit(async ({ page, node, field, press }) => {
    await node('Sample').waitFor()
    const workflow = await (await fetch(`${new URL(page.url()).origin}/templates/text_to_image.json`)).text()
    await drop(page, 'wrong.json', Buffer.from(workflow.replace('"fixed", 20', '"fixed", 0')))
    const steps = field('Sample', 'steps')
    await expect.poll(() => steps.inputValue()).toBe('0')
    await press('e')
    const panel = page.getByRole('region', { name: 'Problems' })
    await panel.getByText('too small').waitFor()
    await panel.getByRole('button', { name: /^Sample/ }).click()
    await expect.poll(() => page.locator('.react-flow__node.selected').count()).toBe(1)

    await panel.getByRole('button', { name: 'Use 1', exact: true }).click()
    await expect.poll(() => steps.inputValue()).toBe('1')
    await panel.getByText('No problems.').waitFor()
    await press('Control+z')
    await panel.getByText('too small').waitFor()
  })
})

it('refuses to run what is wrong, and shows the way there', async () => {
  await visit(
    async ({ page, node, field, press }) => {
      await node('Sample').waitFor()
      await field('Sample', 'cfg').fill('1000')
      await press('Control+Enter')
      await page.getByText('This can’t run yet').waitFor()
      await page.getByRole('button', { name: 'Show' }).click()
      await page.getByRole('region', { name: 'Problems' }).getByText('too big').waitFor()
      await press('Alt+e')
      await expect.poll(() => field('Sample', 'cfg').inputValue()).toBe('100.0')
    },
    { expected: /400/ },
  )
})

it('marks a model that is not there, and takes the one that is called most like it', async () => {
  await visit(async ({ page, node, field, press }) => {
    await node('Sample').waitFor()
    const base = new URL(page.url()).origin
    const workflow = await (await fetch(`${base}/templates/text_to_image.json`)).text()
    await drop(
      page,
      'missing.json',
      Buffer.from(workflow.replaceAll('inklet.safetensors', 'inklett.safetensors')),
    )
    const model = field('Model', 'ckpt_name')
    await expect.poll(() => model.textContent()).toBe('inklett.safetensors')
    expect(await model.getAttribute('aria-invalid')).toBe('true')
    await node('Model').getByRole('button', { name: 'Use inklet.safetensors' }).click()
    expect(await model.textContent()).toBe('inklet.safetensors')
    await node('Model').locator('header').click()
    await press('r')
    await page.getByText('Nodes and models were read anew').waitFor()
    await expect.poll(() => model.getAttribute('aria-invalid')).toBeNull()
  })
})

it('says below its ports that a node is of no kind that there is, and keeps it', async () => {
  await visit(async ({ page, node }) => {
    const strange = {
      nodes: [
        {
          id: 1,
          type: 'FromElsewhere',
          pos: [0, 0],
          size: [260, 60],
          inputs: [{ name: 'model', type: 'MODEL', link: null }],
          outputs: [{ name: 'things', type: 'THINGS', links: [] }],
          widgets_values: ['kept'],
        },
      ],
      links: [],
      version: 0.4,
    }
    await node('Sample').waitFor()
    await drop(page, 'strange.json', Buffer.from(JSON.stringify(strange)))
    const words = node('FromElsewhere').locator('.node-note, .node-problems')
    await words.waitFor()
    const port = await node('FromElsewhere').getByText('things', { exact: true }).boundingBox()
    const text = await words.boundingBox()
    if (port === null || text === null) throw new Error('it is not seen')
    expect(text.y).toBeGreaterThanOrEqual(port.y + port.height - 1)
  })
})
