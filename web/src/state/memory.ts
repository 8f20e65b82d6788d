/** What is in the server's memory, asked for while somebody looks at it. */

import { OfflineError, ServerError } from '../core/api/client'
import { type App, attempt, say } from './app'
import { unfinished } from './jobs'

/** Milliseconds between two questions: while something runs, and while nothing does. */
const [BUSY, IDLE] = [1000, 10_000]

/** Asks now and again until the returned function is called. */
export function watchMemory(app: App): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined
  let over = false
  async function look(): Promise<void> {
    clearTimeout(timer)
    if (app.connection.get() === 'open') await readMemory(app)
    const wait = unfinished(app.jobs.get()).length > 0 ? BUSY : IDLE
    if (!over) timer = setTimeout(() => void look(), wait)
  }
  let busy = unfinished(app.jobs.get()).length
  const forget = app.jobs.subscribe(() => {
    const now = unfinished(app.jobs.get()).length
    if (now === busy) return
    busy = now
    void look()
  })
  void look()
  return () => {
    over = true
    forget()
    clearTimeout(timer)
  }
}

export async function readMemory(app: App): Promise<void> {
  try {
    app.memory.set(await app.api.residency())
  } catch (error) {
    if (!(error instanceof ServerError || error instanceof OfflineError)) throw error // it is asked again
  }
}

/** Gives back the memory of models, and that of results where `all`. */
export function freeMemory(app: App, all: boolean): Promise<void> {
  return attempt(app, say(app, 'error.server'), async () => {
    await app.api.free(true, all)
    await readMemory(app)
  })
}
