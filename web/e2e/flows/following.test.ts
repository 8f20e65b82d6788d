import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { withBrowser } from '../person'
import { startServer, stopServer } from '../start'

const visit = withBrowser()

it('follows a run again after the page was loaded anew in the middle of it', async () => {
  await visit(async ({ page, node, field, press }) => {
    await node('Sample').waitFor()
    await press('Alt+1')
    await field('Sample', 'steps').fill('60')
    await field('Sample', 'Random seed now').click()
    await press('Control+Enter')
    const steps = page.getByRole('progressbar', { name: 'Progress of Sample' }).first()
    await steps.waitFor()
    await page.reload()

    await steps.waitFor()
    await page.getByRole('button', { name: 'Cancel', exact: true }).waitFor()
    await page.getByRole('list', { name: 'What happened in the run' }).getByRole('button').first().waitFor()
    const result = node('Save').getByRole('img', { name: 'Result 1 of Save' })
    await result.waitFor()
    await page.getByRole('button', { name: 'Cancel', exact: true }).waitFor({ state: 'detached' })

    await page.reload()
    await result.waitFor()
  })
})

it('says that the server is away, keeps what waits, and shows the result of a run that it began again', async () => {
  const root = mkdtempSync(join(tmpdir(), 'inkloom-e2e-'))
  let server = await startServer(root)
  const port = Number(new URL(server.base).port)
  try {
    await visit(
      async ({ page, node, field, press }) => {
        await node('Sample').waitFor()
        await field('Sample', 'steps').fill('60')
        await press('Control+Enter')
        await page.getByRole('progressbar', { name: 'Progress of Sample' }).first().waitFor()
        await stopServer(server.process)
        const away = page.getByRole('alert').filter({ hasText: 'The server can’t be reached' })
        await away.waitFor()
        await field('Prompt', 'text').fill('typed meanwhile')

        server = await startServer(root, port)
        await away.getByRole('button', { name: 'Try now' }).click()
        await away.waitFor({ state: 'detached' })
        await node('Save').getByRole('img', { name: 'Result 1 of Save' }).waitFor({ timeout: 120_000 })
        expect(await field('Prompt', 'text').inputValue()).toBe('typed meanwhile')
      },
      { base: server.base, expected: /ERR_CONNECTION_REFUSED|ERR_INCOMPLETE|ERR_CONNECTION_RESET|WebSocket/ },
    )
  } finally {
    await stopServer(server.process)
    rmSync(root, { recursive: true, force: true })
  }
}, 200_000)
