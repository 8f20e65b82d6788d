/** Running what is open: jobs go to the server here. What it tells of them is heard in `hearing.ts`. */

import { OfflineError, ServerError } from '../core/api/client'
import { nodeTroubles, problemsOf, type Trouble } from '../core/api/errors'
import { advanceSeeds } from '../core/commands/seeds'
import { type Problem, WorkflowError } from '../core/problems'
import { toPrompt } from '../core/prompt/convert'
import { type App, attempt, say, toast } from './app'
import { editTab } from './editing'
import { changedJob, unfinished, withJob } from './jobs'
import { forgetRun, key, type NodeProblem } from './run'
import { activeTab, type Tab } from './tabs'

export interface RunOptions {
  /** Before all other jobs. */
  readonly front?: boolean
  /** Output nodes to run and no others, by the ids that they run under. */
  readonly targets?: readonly string[]
}

/** Queues the workflow that is looked at. What keeps it from running is shown at its nodes. */
export async function run(app: App, options: RunOptions = {}): Promise<void> {
  const tab = activeTab(app.tabs.get())
  if (tab === undefined) return
  forgetRun(app.run, tab.id)
  const id = app.newId()
  app.jobs.update((jobs) => withJob(jobs, id, tab.id)) // before it is sent: it may be told of before the answer
  try {
    await send(app, tab, id, options)
    const advance = say(app, 'widget.seed.control')
    editTab(app, tab.id, advance, ({ document, definitions }) =>
      advanceSeeds({ document, definitions }, app.draw),
    )
  } catch (error) {
    app.jobs.update((jobs) => changedJob(jobs, id, { state: 'failed' }))
    refuse(app, tab, error)
  }
}

async function send(app: App, tab: Tab, id: string, options: RunOptions): Promise<void> {
  const [{ document }, definitions] = [tab.edited, app.definitions.get()]
  const choose = (count: number) => Number(app.draw(BigInt(count)))
  const prompt = toPrompt(document, definitions, { now: new Date(), choose })
  const accepted = await app.api.queue(prompt, { clientId: app.client, id, document, ...options })
  showProblems(app, tab, nodeTroubles(accepted.nodeErrors, document, definitions))
}

/** Says why something does not run; raises what is no such reason. */
function refuse(app: App, tab: Tab, error: unknown): void {
  const title = say(app, 'run.refused')
  if (error instanceof ServerError) {
    const found = problemsOf(error, tab.edited.document, app.definitions.get())
    showProblems(app, tab, found)
    toast(app, 'bad', title, found[0]?.message ?? error.message)
  } else if (error instanceof WorkflowError) {
    showProblems(app, tab, error.problems.map(troubleOf))
    toast(app, 'bad', title, error.message)
  } else if (error instanceof OfflineError) {
    toast(app, 'bad', title, say(app, 'status.lost'))
  } else throw error
}

type Shown = Pick<Trouble, 'id' | 'message' | 'input' | 'fix'>

const troubleOf = ({ node, message, input }: Problem): Shown => ({ id: node, message, input, fix: undefined })

/** Shows problems at their nodes. */
function showProblems(app: App, tab: Tab, troubles: readonly Shown[]): void {
  for (const [id, all] of Map.groupBy(troubles, (one) => one.id)) {
    if (id === null) continue
    const problems = all.map(
      ({ message, input, fix }): NodeProblem => ({ message, input, fix, traceback: [] }),
    )
    app.run.problems.set(key(tab.id, id), problems)
  }
}

/** Stops what runs of this window, and forgets what waits of it. */
export async function cancel(app: App): Promise<void> {
  const jobs = unfinished(app.jobs.get())
  const waiting = jobs.filter((job) => job.state === 'waiting').map((job) => job.id)
  await attempt(app, say(app, 'error.server'), async () => {
    if (waiting.length > 0) await app.api.cancelWaiting(waiting)
    for (const job of jobs) await app.api.interrupt(job.id)
    for (const id of waiting) app.jobs.update((old) => changedJob(old, id, { state: 'cancelled' }))
  })
}
