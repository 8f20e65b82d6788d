/** What happens in the runs of this window, and when, followed event by event: the timeline, and how far all is. */

import { partDone } from '../core/progress'
import { type JobEvent, NO_TIMELINE, partsOf, type Timeline, withEvent } from '../core/timeline'
import type { App } from './app'
import { changedJob, type Job, unfinished } from './jobs'
import { key } from './run'

/** Listens to a job's events until the returned function is called. */
export type Listen = (url: string, heard: (event: JobEvent) => void) => () => void

/** Follows the jobs of this window from now on, one at a time, in their order. */
export function followRuns(app: App, listen: Listen): () => void {
  let followed = ''
  let stop = () => {}
  function look(): void {
    const job = unfinished(app.jobs.get()).find((one) => one.accepted)
    if (job === undefined || job.id === followed) return
    stop()
    followed = job.id
    let first = true
    stop = listen(app.api.jobEventsUrl(job.id), (event) => {
      const before = first ? NO_TIMELINE : (app.run.timeline.get(job.tab) ?? NO_TIMELINE)
      first = false
      take(app, job, before, event)
      if (event.type === 'state' && isOver(event)) stop()
    })
  }
  const forget = app.jobs.subscribe(look)
  return () => {
    forget()
    stop()
  }
}

const isOver = ({ data }: JobEvent) => data['state'] !== 'waiting' && data['state'] !== 'running'

function take(app: App, job: Job, before: Timeline, event: JobEvent): void {
  const line = withEvent(before, event)
  app.run.timeline.set(job.tab, line)
  if (event.type === 'run_started' || event.type.startsWith('node_')) showStates(app, job, line)
  if (event.type === 'progress') showResumed(app, job, line)
  const progress = partDone(expectedOf(app, job, line), partsOf(line))
  const now = app.jobs.get().own.find((one) => one.id === job.id)
  if (now?.state === 'running') app.jobs.update((jobs) => changedJob(jobs, job.id, { progress }))
}

/** Says at the nodes what a page does not know that was loaded in the middle of a run. */
function showStates(app: App, job: Job, line: Timeline): void {
  for (const node of line.cached) app.run.state.set(key(job.tab, node), 'cached')
  for (const { node, state } of line.bars) app.run.state.set(key(job.tab, node), state)
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
