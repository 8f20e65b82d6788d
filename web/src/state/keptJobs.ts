/** Which jobs belong to which workflow, kept in the browser: a page that is loaded anew follows them again. */

import { changedJob, type Job, type Jobs, NO_JOBS, withJob } from './jobs'
import type { Kept } from './settings'
import type { Store } from './store'

const KEY = 'inkloom.jobs'

/** Jobs that are kept: those a person may still look at. */
const MOST = 40

type KeptJob = Pick<Job, 'id' | 'tab' | 'name'>

/** Returns the jobs that were kept, as if they had just been queued: how they stand is the server's to say. */
export function readJobs(text: string | null): Jobs {
  let given: unknown
  try {
    given = JSON.parse(text ?? '[]')
  } catch {
    return NO_JOBS
  }
  return (Array.isArray(given) ? given : []).reduce((jobs: Jobs, one: Record<string, unknown> | null) => {
    const [id, tab, name] = [one?.['id'], one?.['tab'], one?.['name']]
    if (typeof id !== 'string' || typeof tab !== 'string') return jobs
    return changedJob(withJob(jobs, id, tab, typeof name === 'string' ? name : null), id, { accepted: true })
  }, NO_JOBS)
}

/** Reads what was kept, and keeps every change from now on. */
export function keepJobs(jobs: Store<Jobs>, kept: Kept): void {
  jobs.set(readJobs(kept.getItem(KEY)))
  let before = ''
  jobs.subscribe(() => {
    const few = jobs.get().own.slice(-MOST)
    const text = JSON.stringify(few.map(({ id, tab, name }): KeptJob => ({ id, tab, name })))
    if (text === before) return
    before = text
    kept.setItem(KEY, text)
  })
}
