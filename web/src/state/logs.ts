/** Lines of the server's log, while somebody looks at them. */

import { type App, attempt, say } from './app'
import type { LogLine } from './shapes'

/** Lines that are kept. */
const MOST = 2000

type Entries = readonly { readonly t: string; readonly m: string }[]

const lineOf = ({ t, m }: Entries[number]): LogLine => ({ time: t, text: m.trimEnd() })

/** Takes in new lines. */
export function hearLogs(app: App, entries: Entries): void {
  app.logs.update((old) => [...old, ...entries.map(lineOf)].slice(-MOST))
}

/** Shows what was logged, and what is from now on; returns what ends it. */
export function followLogs(app: App): () => void {
  const title = say(app, 'error.server')
  void attempt(app, title, async () => {
    const before = (await app.api.logs()).map(lineOf)
    app.logs.set(before.slice(-MOST))
    await app.api.followLogs(app.client, true)
  })
  return () => void attempt(app, title, async () => void (await app.api.followLogs(app.client, false)))
}
