/** The queue and the history as the server has them, and what a person does with jobs there. */

import type { HistoryEntry } from '../core/api/shapes'
import { readWorkflow } from '../core/files/detecting'
import { isObject, writeJson } from '../core/json'
import { type App, attempt, say, toast } from './app'
import { openDocument } from './editing'
import { changedJob, jobOf, withJob } from './jobs'

/** Jobs of one page. */
const PAGE = 40

/** Milliseconds of quiet after something was told, and between two questions while a job runs. */
const [QUIET, BUSY] = [150, 2000]

/** Keeps the list new until the returned function is called. */
export function watchQueue(app: App): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined
  function soon(wait: number): void {
    clearTimeout(timer)
    timer = setTimeout(() => void look(), wait)
  }
  async function look(): Promise<void> {
    if (app.connection.get() !== 'open') return
    await attempt(app, say(app, 'error.server'), () => readQueue(app))
    if (app.queue.get().jobs.some((job) => job.state === 'running')) soon(BUSY)
  }
  let told = app.jobs.get()
  const stops = [
    app.connection.subscribe(() => soon(0)),
    app.jobs.subscribe(() => {
      const now = app.jobs.get()
      const same =
        now.remaining === told.remaining &&
        now.own.length === told.own.length &&
        now.own.every((job, at) => job.state === told.own[at]?.state)
      told = now
      if (!same) soon(QUIET)
    }),
  ]
  soon(0)
  return () => {
    clearTimeout(timer)
    for (const stop of stops) stop()
  }
}

/** Reads the newest jobs; older ones that are shown already stay. */
export async function readQueue(app: App): Promise<void> {
  const page = await app.api.jobs({ limit: PAGE })
  app.queue.update((old) => {
    const oldest = page.jobs.at(-1)
    const shown = old.jobs.findIndex((job) => job.id === oldest?.id)
    const older = shown < 0 || page.next === null ? [] : old.jobs.slice(shown + 1)
    return { jobs: [...page.jobs, ...older], next: older.length > 0 ? old.next : page.next }
  })
}

export async function readOlder(app: App): Promise<void> {
  const { next } = app.queue.get()
  if (next === null) return
  const page = await app.api.jobs({ limit: PAGE, before: next })
  app.queue.update((old) => ({ jobs: [...old.jobs, ...page.jobs], next: page.next }))
}

/** Does something with a job, and shows what has become of it. */
async function act(app: App, work: () => Promise<unknown>): Promise<void> {
  await attempt(app, say(app, 'error.server'), async () => {
    await work()
    await readQueue(app)
  })
}

export function stopJob(app: App, id: string): Promise<void> {
  app.jobs.update((jobs) => changedJob(jobs, id, { stopping: true }))
  return act(app, async () => {
    const told = await app.api.cancelJob(id)
    if (told.state === 'cancelled')
      app.jobs.update((jobs) => changedJob(jobs, id, { state: 'cancelled', stopping: false }))
  })
}

export function runFirst(app: App, id: string): Promise<void> {
  return act(app, () => app.api.placeJob(id, 'front'))
}

/** Lets a job run after all others that wait. */
export function runLast(app: App, id: string): Promise<void> {
  const waiting = app.queue.get().jobs.filter((job) => job.state === 'waiting' && job.id !== id)
  const last = Math.max(0, ...waiting.map((job) => job.priority))
  return act(app, () => app.api.placeJob(id, last + 1))
}

/** Runs a job's workflow again; where it belongs to an open workflow, its results are shown there. */
export function runAgain(app: App, id: string): Promise<void> {
  return act(app, async () => {
    const told = await app.api.retryJob(id)
    const before = jobOf(app.jobs.get(), id)
    if (before === undefined) return
    app.jobs.update((jobs) =>
      changedJob(withJob(jobs, told.id, before.tab, before.name), told.id, { accepted: true }),
    )
  })
}

export function forgetJob(app: App, id: string): Promise<void> {
  return act(app, () => app.api.forgetJob(id))
}

export function clearWaiting(app: App): Promise<void> {
  return act(app, async () => {
    for (const job of app.queue.get().jobs) if (job.state === 'waiting') await app.api.cancelJob(job.id)
  })
}

export function clearDone(app: App): Promise<void> {
  return act(app, () => app.api.clearHistory())
}

/** Opens what a job ran in a tab of its own: as its editor sent it, else as it ran. */
export function openJob(app: App, id: string, name: string): Promise<void> {
  return attempt(app, say(app, 'error.open', { name }), async () => {
    const text = workflowIn(await entryOf(app, id)) ?? (await app.api.jobWorkflow(id))
    const { document } = readWorkflow(text, app.definitions.get())
    openDocument(app, name, document)
    toast(app, 'info', say(app, 'panel.queue.opened', { name }))
  })
}

async function entryOf(app: App, id: string): Promise<Pick<HistoryEntry, 'item'> | undefined> {
  const done = await app.api.job(id)
  if (done !== undefined) return done
  const { running, pending } = await app.api.queued()
  const item = [...running, ...pending].find((one) => one.id === id)
  return item && { item }
}

function workflowIn(entry: Pick<HistoryEntry, 'item'> | undefined): string | undefined {
  const info = entry?.item.extra.get('extra_pnginfo')
  const workflow = isObject(info) ? info.get('workflow') : undefined
  return isObject(workflow) ? writeJson(workflow) : undefined
}
