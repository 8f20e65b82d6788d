/** Running what is open: jobs go to the server here. What it tells of them is heard in `hearing.ts`. */

import { OfflineError, ServerError } from '../core/api/client'
import { nodeTroubles, problemsOf, type Trouble, toldTroubles } from '../core/api/errors'
import { advanceSeeds } from '../core/commands/seeds'
import { definitionOf, VIRTUAL } from '../core/definitions'
import { isLive } from '../core/document'
import { wayOfId } from '../core/exposed'
import { isGroup } from '../core/fields'
import { jsonOf } from '../core/json'
import { WorkflowError } from '../core/problems'
import { givenBy, type Moment, type Prompt, toPrompt } from '../core/prompt/convert'
import { partOf } from '../core/prompt/partial'
import type { MessageKey } from '../i18n'
import { type App, attempt, say, type Toast, toast } from './app'
import { editTab } from './editing'
import { changedJob, type Job, runningJob, unfinished, withJob } from './jobs'
import { formTroubles, showTroubles } from './problems'
import { activeTab, type Tab, tabOf } from './tabs'

export interface RunOptions {
  /** Before all other jobs. */
  readonly front?: boolean
  /** Nodes to run with all that they need, and no others, by the ids that they run under. */
  readonly only?: readonly string[]
  /** How many times; seeds move on from one to the next. */
  readonly count?: number
}

/**
 * Queues the workflow that is looked at. What keeps it from running is shown at its nodes. Who asks twice at once
 * gets two runs one after the other, each with seeds of its own.
 */
export function run(app: App, options: RunOptions = {}): Promise<void> {
  const id = app.tabs.get().active
  const turn = app.turn.get().then(() => runTab(app, id, options))
  app.turn.set(turn.catch(() => undefined)) // whoever asked for it is told
  return turn
}

async function runTab(app: App, id: string, options: RunOptions): Promise<void> {
  const before = app.settings.get().seeds === 'before'
  for (let left = options.count ?? 1; left > 0; left -= 1) {
    if (before) moveOn(app, id)
    const tab = tabOf(app.tabs.get(), id)
    if (tab === undefined || !(await queue(app, tab, options))) return
    if (!before) moveOn(app, id)
  }
}

function moveOn(app: App, tab: string): void {
  editTab(app, tab, say(app, 'widget.seed.control'), ({ document, definitions }) =>
    advanceSeeds({ document, definitions }, app.draw),
  )
}

/** Queues a workflow once; returns whether it was taken. */
async function queue(app: App, tab: Tab, options: RunOptions): Promise<boolean> {
  const id = app.newId()
  app.jobs.update((jobs) => withJob(jobs, id, tab.id, tab.name)) // before it is sent: it may be told of before the answer
  app.ran.set(tab.id, tab.edited.document)
  try {
    await send(app, tab, id, options)
    app.jobs.update((jobs) => changedJob(jobs, id, { accepted: true }))
    return true
  } catch (error) {
    app.jobs.update((jobs) => changedJob(jobs, id, { state: 'failed' }))
    await refuse(app, tab, error)
    return false
  }
}

/** Returns what is drawn and told anew for each run. */
export function momentOf(app: App): Moment {
  return { now: new Date(), choose: (count) => Number(app.draw(BigInt(count))) }
}

async function send(app: App, tab: Tab, id: string, { front, only }: RunOptions): Promise<void> {
  const [{ document }, definitions] = [tab.edited, app.definitions.get()]
  const whole: Prompt = toPrompt(document, definitions, momentOf(app))
  const part =
    only === undefined
      ? { prompt: whole }
      : partOf(whole, definitions, only, (id) => givenBy(document, definitions, id))
  if (part === null) throw new WorkflowError([]) // what was chosen can't be run
  const { prompt, ...targets } = part
  const accepted = await app.api.queue(prompt, {
    clientId: app.client,
    id,
    document,
    ...(front === undefined ? {} : { front }),
    ...targets,
  })
  showTroubles(app, tab.id, nodeTroubles(accepted.nodeErrors, document, definitions))
}

/** Says why something does not run; raises what is no such reason. */
async function refuse(app: App, tab: Tab, error: unknown): Promise<void> {
  const title = say(app, 'run.refused')
  if (error instanceof ServerError) {
    const found = await wordsFor(app, tab, error)
    showTroubles(app, tab.id, found)
    toast(app, 'bad', title, found[0]?.message ?? error.message, found.length > 0 ? wayTo(app) : undefined)
  } else if (error instanceof WorkflowError) {
    showTroubles(app, tab.id, formTroubles(error))
    const way = error.problems.length > 0 ? wayTo(app) : undefined
    toast(app, 'bad', title, error.message || say(app, 'run.nothing'), way)
  } else if (error instanceof OfflineError) {
    toast(app, 'info', title, say(app, 'status.lost')) // a banner says so for as long as it is
  } else throw error
}

/** Returns what is wrong in the words of /v1, which say more than those of the queue. */
async function wordsFor(app: App, { edited }: Tab, error: ServerError): Promise<readonly Trouble[]> {
  const [{ document }, definitions] = [edited, app.definitions.get()]
  const found = problemsOf(error, document, definitions)
  if (error.status !== 400) return found
  try {
    const { problems } = await app.api.validate(toPrompt(document, definitions, momentOf(app)))
    const told = toldTroubles(jsonOf(problems ?? []), document, definitions)
    return told.length > 0 ? told : found
  } catch (second) {
    if (second instanceof ServerError || second instanceof OfflineError) return found
    throw second
  }
}

/** Opens the list of problems. */
function wayTo(app: App): NonNullable<Toast['action']> {
  return {
    title: say(app, 'node.show'),
    act: () => app.settings.update((old) => ({ ...old, panel: 'problems' })),
  }
}

/** Stops what runs of this window, or what would next; the others go on. That it is asked for is seen at once. */
export function cancel(app: App): Promise<void> {
  const jobs = app.jobs.get()
  return cancelJobs(
    app,
    [runningJob(jobs) ?? unfinished(jobs)[0]].flatMap((job) => job ?? []),
  )
}

/** Stops what runs of this window, and forgets what waits of it. */
export function cancelAll(app: App): Promise<void> {
  return cancelJobs(app, unfinished(app.jobs.get()))
}

export async function cancelJobs(app: App, jobs: readonly Job[]): Promise<void> {
  for (const job of jobs) app.jobs.update((old) => changedJob(old, job.id, { stopping: true }))
  await attempt(app, say(app, 'error.server'), async () => {
    for (const job of jobs.toReversed()) {
      const told = await app.api.cancelJob(job.id)
      if (told.state === 'cancelled')
        app.jobs.update((old) => changedJob(old, job.id, { state: 'cancelled', stopping: false }))
    }
  })
}

/** The nodes that are chosen, by the ids that they run under. */
export function chosenIds(app: App): readonly string[] {
  const tab = activeTab(app.tabs.get())
  const path = tab?.path.map((step) => step.node) ?? []
  return [...(tab?.selection.nodes ?? [])].map((id) => [...path, id].join(':'))
}

/** Why none of the chosen nodes can be run by itself, as far as can be seen; null where one can. */
export function whyNotOnly(app: App): MessageKey | null {
  const tab = activeTab(app.tabs.get())
  const definitions = app.definitions.get()
  if (tab === undefined) return null
  const { document } = tab.edited
  const reasons = chosenIds(app).map((id): MessageKey | null => {
    const way = (wayOfId(document, id) ?? []).map((one) => one.node)
    const node = way.at(-1)
    if (node === undefined || VIRTUAL.has(node.type)) return 'run.not.virtual'
    if (!way.every(isLive)) return 'run.not.live'
    const known =
      document.subgraphs.has(node.type) || isGroup(node.type) || definitionOf(definitions, node.type)
    return known ? null : 'run.not.known'
  })
  return reasons.some((one) => one === null) ? null : (reasons[0] ?? null)
}
