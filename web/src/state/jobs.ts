/** The jobs of this window: which workflow each belongs to, and what runs now. A value, like the tabs. */

import type { NodeId } from '../core/document'

export interface Job {
  readonly id: string
  readonly tab: string
  /** What its workflow was called when it was queued; null for one without a name. */
  readonly name: string | null
  readonly state: 'waiting' | 'running' | 'done' | 'failed' | 'cancelled'
  /** Whether the server is known to have it. */
  readonly accepted: boolean
  /** Whether it was asked to stop, and has not yet. */
  readonly stopping: boolean
  /** The node that runs, as its workflow names it. */
  readonly node: NodeId | null
  /** Milliseconds of the app's clock. */
  readonly started: number | null
  /** The part of its work that is done, 0..1. */
  readonly progress: number
}

export interface Jobs {
  /** Oldest first. */
  readonly own: readonly Job[]
  /** How many jobs of anybody wait or run at the server. */
  readonly remaining: number
}

export const NO_JOBS: Jobs = { own: [], remaining: 0 }

/** Jobs of which a window remembers whose they were. */
const MOST = 200

export function withJob(jobs: Jobs, id: string, tab: string, name: string | null = null): Jobs {
  const job: Job = {
    id,
    tab,
    name,
    state: 'waiting',
    accepted: false,
    stopping: false,
    node: null,
    started: null,
    progress: 0,
  }
  return { ...jobs, own: [...jobs.own.filter((one) => one.id !== id), job].slice(-MOST) }
}

export function changedJob(jobs: Jobs, id: string, change: Partial<Omit<Job, 'id' | 'tab'>>): Jobs {
  return { ...jobs, own: jobs.own.map((job) => (job.id === id ? { ...job, ...change } : job)) }
}

export function withoutJobs(jobs: Jobs, ids: ReadonlySet<string>): Jobs {
  return { ...jobs, own: jobs.own.filter((job) => !ids.has(job.id)) }
}

export function jobOf(jobs: Jobs, id: string): Job | undefined {
  return jobs.own.find((job) => job.id === id)
}

export function runningJob(jobs: Jobs): Job | undefined {
  return jobs.own.find((job) => job.state === 'running')
}

/** Returns the jobs that have not ended, as far as this window has heard. */
export function unfinished(jobs: Jobs): readonly Job[] {
  return jobs.own.filter((job) => job.state === 'waiting' || job.state === 'running')
}

/** Tells whether a workflow has a job that has not ended. */
export function isBusy(jobs: Jobs, tab: string): boolean {
  return jobs.own.some((job) => job.tab === tab && (job.state === 'waiting' || job.state === 'running'))
}
