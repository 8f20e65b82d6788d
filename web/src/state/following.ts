/** What happens in the runs of this window, and when, followed event by event: the timeline, and how far all is. */

import { partDone } from '../core/progress'
import { type JobEvent, NO_TIMELINE, partsOf, type Timeline, withEvent } from '../core/timeline'
import type { App } from './app'
import { changedJob, type Job, type Jobs, jobOf, unfinished } from './jobs'
import { key } from './run'

/** Listens to a job's events until the returned function is called. */
export type Listen = (url: string, heard: (event: JobEvent) => void) => () => void

/**
 * Follows the jobs of this window from now on, one at a time, in their order; and when none is left, reads of each
 * workflow's last one what has happened in it, for a page that was loaded after it.
 */
export function followRuns(app: App, listen: Listen): () => void {
  let followed = ''
  let stop = () => {}
  const heard = new Map<string, string>() // by tab: the job whose timeline it has
  function look(): void {
    const jobs = app.jobs.get()
    const job = unfinished(jobs).find((one) => one.accepted) ?? unheard(jobs, heard)
    if (job === undefined || job.id === followed) return
    stop()
    followed = job.id
    heard.set(job.tab, job.id)
    let first = true
    stop = listen(app.api.jobEventsUrl(job.id), (event) => {
      const before = first ? NO_TIMELINE : (app.run.timeline.get(job.tab) ?? NO_TIMELINE)
      first = false
      take(app, job, before, event)
      if (event.type !== 'state' || !isOver(event)) return
      forgetRunning(app, job)
      stop()
      stop = () => {}
      soon()
    })
  }
  let asked = false
  let ended = false
  /** Looks once for all jobs that change at a time, as they do when a page hears how its old ones stand. */
  function soon(): void {
    if (asked) return
    asked = true
    queueMicrotask(() => {
      asked = false
      if (!ended) look()
    })
  }
  const forget = app.jobs.subscribe(soon)
  return () => {
    ended = true
    forget()
    stop()
  }
}

/** The newest job of a workflow of which another one was heard, or none. */
function unheard(jobs: Jobs, heard: ReadonlyMap<string, string>): Job | undefined {
  const newest = new Map(jobs.own.filter((one) => one.accepted).map((one) => [one.tab, one] as const))
  return [...newest.values()].find((one) => heard.get(one.tab) !== one.id)
}

const isOver = ({ data }: JobEvent) => data['state'] !== 'waiting' && data['state'] !== 'running'

function take(app: App, job: Job, before: Timeline, event: JobEvent): void {
  const line = withEvent(before, event)
  app.run.timeline.set(job.tab, line)
  const now = jobOf(app.jobs.get(), job.id)
  if (now?.state !== 'running' && now?.state !== 'waiting') return // it is told of one that has ended
  if (event.type === 'run_started' || event.type.startsWith('node_')) showStates(app, job, line)
  if (event.type === 'progress') showResumed(app, job, line)
  const progress = partDone(expectedOf(app, job, line), partsOf(line))
  if (now.state === 'running') app.jobs.update((jobs) => changedJob(jobs, job.id, { progress }))
}

/** Says at the nodes what a page does not know that was loaded in the middle of a run. */
function showStates(app: App, job: Job, line: Timeline): void {
  for (const node of line.cached) app.run.state.set(key(job.tab, node), 'cached')
  for (const { node, state } of line.bars) app.run.state.set(key(job.tab, node), state)
}

/** No node runs when a run is over, also where nothing has told how one ended: its worker has died. */
function forgetRunning(app: App, job: Job): void {
  for (const { node } of app.run.timeline.get(job.tab)?.bars ?? []) {
    const at = key(job.tab, node)
    if (app.run.state.get(at) === 'running') app.run.state.set(at, undefined)
  }
}

function showResumed(app: App, job: Job, line: Timeline): void {
  for (const { node, resumed } of line.bars) {
    if (resumed !== null) app.run.resumed.set(key(job.tab, node), resumed)
  }
}

/** Returns the nodes that run, with the seconds that were foreseen for them. */
function expectedOf(app: App, job: Job, { nodes, cached }: Timeline): ReadonlyMap<string, number | null> {
  const known = new Set(cached)
  return new Map(
    nodes
      .filter((node) => !known.has(node))
      .map((node) => [node, app.run.plan.get(key(job.tab, node))?.seconds ?? null]),
  )
}
