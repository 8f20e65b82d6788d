/** What the server tells over the websocket, put where it is shown: one table, by the type of the message. */

import { OfflineError, ServerError } from '../core/api/client'
import type { Message, NodeProgress, Preview, RunFailure } from '../core/api/messages'
import type { FailureTold, JobTold, NodeOutput as Told } from '../core/api/shapes'
import type { ConnectionState } from '../core/api/socket'
import { shownOf } from '../core/outputs'
import { shownAt } from '../core/prompt/partial'
import { type App, attempt, say, toast } from './app'
import { goTo } from './going'
import { changedJob, type Job, jobOf, runningJob, unfinished, withoutJobs } from './jobs'
import { hearLogs } from './logs'
import { readNodes } from './opening'
import { forgetRun, key } from './run'

type Heard = {
  readonly [K in Message['type']]?: (app: App, message: Extract<Message, { readonly type: K }>) => void
}

/** What each message does. One that is not here is nothing that the editor shows. */
const HEARD: Heard = {
  status: (app, { data }) => {
    const remaining = data.status.exec_info.queue_remaining
    app.jobs.update((jobs) => ({ ...jobs, remaining }))
  },
  execution_start: ofJob((app, job) => {
    forgetRun(app.run, job.tab)
    const begun = { state: 'running', accepted: true, started: app.now(), progress: 0 } as const
    app.jobs.update((jobs) => changedJob(jobs, job.id, begun))
  }),
  execution_cached: ofJob((app, job, { data }) => {
    for (const node of data.nodes) app.run.state.set(key(job.tab, node), 'cached')
  }),
  executing: ofJob((app, job, { data }) => {
    const node = data.display_node ?? data.node
    if (node === null) return
    app.run.state.set(key(job.tab, node), 'running')
    app.jobs.update((jobs) => changedJob(jobs, job.id, { state: 'running', node }))
  }),
  progress_state: ofJob((app, job, { data }) => {
    for (const one of Object.values(data.nodes)) showState(app, job, one)
  }),
  executed: ofJob((app, job, { data }) => showOutput(app, job, data.display_node, data.output)),
  execution_success: ofJob((app, job) => end(app, job, 'done')),
  execution_interrupted: ofJob((app, job) => {
    end(app, job, 'cancelled')
    toast(app, 'info', say(app, 'run.cancelled'))
  }),
  execution_error: ofJob((app, job, { data }) => showFailure(app, job, data)),
  preview: showPreview,
  logs: (app, { data }) => hearLogs(app, data.entries),
}

/** Takes in one message. */
export function hear(app: App, message: Message): void {
  const act = HEARD[message.type] as ((app: App, message: Message) => void) | undefined
  act?.(app, message)
}

/** Takes in that the connection is there or lost; what ended meanwhile is asked for. */
export function hearConnection(app: App, state: ConnectionState): void {
  app.connection.set(state)
  if (state === 'open') void catchUp(app)
}

/** Takes in that a lost connection is there again: it may be another server now, with other nodes and models. */
export async function foundAgain(app: App): Promise<void> {
  toast(app, 'good', say(app, 'banner.back'))
  await attempt(app, say(app, 'error.server'), () => readNodes(app))
}

/** Jobs that are asked for to find those of this window. */
const MOST = 200

/** Asks how jobs stand that were queued here, while the server was not heard or before the page was loaded. */
export async function catchUp(app: App): Promise<void> {
  const lost = unfinished(app.jobs.get())
  if (lost.length === 0) return
  let told: ReadonlyMap<string, JobTold>
  try {
    told = new Map((await app.api.jobs({ limit: MOST })).jobs.map((one) => [one.id, one]))
  } catch (error) {
    if (error instanceof OfflineError || error instanceof ServerError) return // asked again at the next connection
    throw error
  }
  for (const job of lost) {
    const one = told.get(job.id)
    if (one !== undefined) showTold(app, job, one)
  }
  const gone = new Set(lost.filter((job) => job.accepted && !told.has(job.id)).map((job) => job.id))
  if (gone.size > 0) app.jobs.update((jobs) => withoutJobs(jobs, gone))
}

/** Shows a job as the server tells it. */
function showTold(app: App, job: Job, told: JobTold): void {
  for (const [node, output] of Object.entries(told.outputs ?? {})) showOutput(app, job, node, output)
  if (told.state === 'waiting' || told.state === 'running') {
    const state = told.state
    app.jobs.update((jobs) => changedJob(jobs, job.id, { state, accepted: true }))
    return
  }
  end(app, job, told.state)
  const newest = app.jobs.get().own.findLast((one) => one.tab === job.tab)?.id === job.id
  if (told.state === 'failed' && told.failure && newest) showTrouble(app, job, told.failure)
}

function ofJob<M extends { readonly data: { readonly prompt_id: string } }>(
  act: (app: App, job: Job, message: M) => void,
): (app: App, message: M) => void {
  return (app, message) => {
    const job = jobOf(app.jobs.get(), message.data.prompt_id)
    if (job !== undefined) act(app, job, message)
  }
}

function showState(app: App, job: Job, one: NodeProgress): void {
  const at = key(job.tab, shownAt(one.display_node_id))
  if (one.state === 'running') {
    const before = app.run.progress.get(at)
    const same = before?.done === one.value && before.total === one.max
    if (!same) app.run.progress.set(at, { done: one.value, total: one.max })
    app.run.state.set(at, 'running')
  } else if (one.state === 'finished') {
    app.run.progress.set(at, undefined)
    if (app.run.state.get(at) !== 'cached') app.run.state.set(at, 'done')
  }
}

function showPreview(app: App, { prompt, node, mime, picture }: Preview): void {
  const jobs = app.jobs.get()
  // A bare picture does not say whose it is: it belongs to what runs.
  const job = prompt === null ? runningJob(jobs) : jobOf(jobs, prompt)
  const at = node ?? job?.node ?? null
  if (job === undefined || at === null) return
  showUrl(app, key(job.tab, shownAt(at)), URL.createObjectURL(new Blob([picture], { type: mime })))
}

/** Shows a preview in the place of the last one, whose memory is given back. */
function showUrl(app: App, at: string, url: string | undefined): void {
  const old = app.run.preview.get(at)
  app.run.preview.set(at, url)
  if (old !== undefined) URL.revokeObjectURL(old)
}

function showOutput(app: App, job: Job, node: string, output: Told | null): void {
  const shown = shownOf(output)
  if (shown.pictures.length === 0 && shown.texts.length === 0) return
  app.run.output.set(key(job.tab, shownAt(node)), { ...shown, job: job.id })
}

function showFailure(app: App, job: Job, told: RunFailure): void {
  const { exception_type, exception_message, node_id, traceback } = told
  const failure = { exception_type, message: exception_message, node: node_id, traceback }
  const message = showTrouble(app, job, failure)
  if (exception_type === BLOCKED) return
  end(app, job, 'failed')
  app.run.state.set(key(job.tab, shownAt(node_id)), 'failed')
  toast(app, 'bad', say(app, 'run.failed'), message, {
    title: say(app, 'node.show'),
    act() {
      app.tabs.update((tabs) => ({ ...tabs, active: job.tab }))
      goTo(app, shownAt(node_id))
    },
  })
}

/** Said of a node that was not called, of a run that goes on. */
const BLOCKED = 'ExecutionBlocked'

/** Shows at its node why a job failed; returns it as a sentence. */
function showTrouble(app: App, job: Job, failure: FailureTold): string {
  const message = `${failure.exception_type}: ${failure.message.trim()}`
  const problem = {
    from: 'run',
    message,
    input: null,
    fix: undefined,
    traceback: failure.traceback ?? [],
  } as const
  if (failure.node) app.run.problems.set(key(job.tab, shownAt(failure.node)), [problem])
  return message
}

function end(app: App, job: Job, state: 'done' | 'failed' | 'cancelled'): void {
  const own = (at: string) => at.startsWith(`${job.tab}/`)
  app.jobs.update((jobs) =>
    changedJob(jobs, job.id, {
      state,
      accepted: true,
      stopping: false,
      node: null,
      progress: state === 'done' ? 1 : 0,
    }),
  )
  app.run.progress.clear(`${job.tab}/`)
  for (const at of app.run.preview.keys().filter(own)) showUrl(app, at, undefined)
  const stuck = app.run.state.keys().filter((at) => own(at) && app.run.state.get(at) === 'running')
  for (const at of stuck) app.run.state.set(at, state === 'done' ? 'done' : undefined)
}
