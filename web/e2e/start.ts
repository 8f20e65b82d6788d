/** Starts what the flows need: the built editor behind a real `inkloom serve` with a folder of its own, and a browser. */

import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type BrowserServer, chromium } from 'playwright-core'
import type { TestProject } from 'vitest/node'

declare module 'vitest' {
  export interface ProvidedContext {
    readonly base: string
    readonly browser: string
  }
}

const REPOSITORY = resolve(dirname(fileURLToPath(import.meta.url)), '../..')
/** The command line of the server. */
export const INKLOOM = process.env['INKLOOM'] ?? join(REPOSITORY, '.venv/bin/inkloom')
const CHROMIUM = process.env['CHROMIUM'] ?? '/usr/bin/chromium'

/** Milliseconds that a server may take until it answers. */
const PATIENCE = 60_000

export default async function start(project: TestProject): Promise<() => Promise<void>> {
  if (!existsSync(CHROMIUM)) throw new Error(`there is no ${CHROMIUM}; CHROMIUM names another browser`)
  const root = mkdtempSync(join(tmpdir(), 'inkloom-e2e-'))
  const server = await startServer(root)
  const browser = await chromium.launchServer({
    executablePath: CHROMIUM,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--disable-background-networking',
      '--disable-sync',
      // A page that a flow answers for itself (EDITOR_BUILT) counts as one of another network.
      '--disable-features=LocalNetworkAccessChecks',
    ],
  })
  project.provide('base', server.base)
  project.provide('browser', browser.wsEndpoint())
  return () => stop(server.process, browser, root)
}

export interface Started {
  readonly process: ChildProcess
  readonly base: string
}

/** Starts a server over a folder; on `port`, or on a free one. */
export function startServer(root: string, port = 0): Promise<Started> {
  const child = spawn(INKLOOM, ['serve', '--root', root, '--port', String(port)], {
    env: { ...process.env, OMP_NUM_THREADS: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  return new Promise((resolved, rejected) => {
    let told = ''
    const tooLate = setTimeout(() => {
      child.kill('SIGKILL')
      rejected(new Error(`the server did not start:\n${told}`))
    }, PATIENCE)
    function listen(text: Buffer): void {
      told += text.toString()
      const base = /inkloom serves (\S+)/.exec(told)?.[1]
      if (base === undefined) return
      clearTimeout(tooLate)
      resolved({ process: child, base })
    }
    child.stdout?.on('data', listen)
    child.stderr?.on('data', (text: Buffer) => {
      told += text.toString()
    })
    child.once('error', rejected)
    child.once('exit', (code) => {
      clearTimeout(tooLate)
      rejected(new Error(`the server ended with ${code}:\n${told}`))
    })
  })
}

/** Ends a server as Ctrl-C does, and waits until it has. */
export function stopServer(server: ChildProcess): Promise<void> {
  return new Promise((ended) => {
    if (server.exitCode !== null || server.signalCode !== null) return ended()
    server.once('exit', () => ended())
    server.kill('SIGINT')
  })
}

async function stop(server: ChildProcess, browser: BrowserServer, root: string): Promise<void> {
  await browser.close()
  await stopServer(server)
  rmSync(root, { recursive: true, force: true })
}
