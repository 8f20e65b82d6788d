/** A/B grids: one job for each combination of values, and the pictures as they come. */

import type { FileRef } from '../core/api/shapes'
import { written } from '../core/prompt/axisValues'
import type { Axis } from '../core/prompt/grid'
import { grid } from '../core/prompt/grid'
import { type App, attempt, say } from './app'
import { changedJob, jobOf, withJob } from './jobs'
import { momentOf } from './running'
import type { Tab } from './tabs'

/** Pictures that a grid may have here: what a person can look at. */
export const MOST = 100

/** An axis, and what it is called. */
export interface NamedAxis extends Axis {
  readonly label: string
}

/** Queues a job for each combination; raises where the workflow can't be sent. */
export async function runGrid(app: App, tab: Tab, axes: readonly NamedAxis[]): Promise<void> {
  const cells = grid(tab.edited.document, app.definitions.get(), axes, momentOf(app))
  const jobs = cells.map((cell) => ({ id: app.newId(), cell }))
  const id = app.newId()
  app.grid.set({
    id,
    name: tab.name ?? say(app, 'tabs.untitled'),
    axes: axes.map(({ label, values }) => ({ label, values: values.map(written) })),
    cells: jobs.map(({ id: job }) => ({ job, picture: null })),
  })
  for (const { id: job } of jobs) app.jobs.update((old) => withJob(old, job, tab.id, tab.name))
  const asked = new Set<string>()
  const stop = app.jobs.subscribe(() => collect(app, id, asked, stop))
  for (const { id: job, cell } of jobs) {
    try {
      await app.api.queue(cell.prompt, { clientId: app.client, id: job, document: cell.document })
      app.jobs.update((old) => changedJob(old, job, { accepted: true }))
    } catch (error) {
      for (const one of jobs.slice(jobs.findIndex((other) => other.id === job)))
        app.jobs.update((old) => changedJob(old, one.id, { state: 'failed' }))
      throw error
    }
  }
}

/** Asks for the pictures of cells that are done; stops when another grid takes the place of this one. */
function collect(app: App, id: string, asked: Set<string>, stop: () => void): void {
  const run = app.grid.get()
  if (run?.id !== id) {
    stop()
    return
  }
  const open = run.cells.filter(({ job, picture }) => picture === null && !asked.has(job))
  for (const { job } of open) {
    if (jobOf(app.jobs.get(), job)?.state !== 'done') continue
    asked.add(job)
    void attempt(app, say(app, 'error.server'), async () => {
      const entry = await app.api.job(job)
      const picture = pictureOf(Object.values(entry?.outputs ?? {}).flatMap((one) => one.images ?? []))
      app.grid.update((now) =>
        now?.id !== id
          ? now
          : { ...now, cells: now.cells.map((cell) => (cell.job === job ? { ...cell, picture } : cell)) },
      )
    })
  }
}

/** What is kept comes before what is only shown. */
function pictureOf(images: readonly FileRef[]): FileRef | null {
  return images.find((one) => one.type === 'output') ?? images[0] ?? null
}
