/** Before a run: what is wrong, what would become of each node and why, and what that would take; asked after edits. */

import { OfflineError, ServerError } from '../core/api/client'
import { toldTroubles } from '../core/api/errors'
import type { NodeExplanation } from '../core/api/shapes'
import type { Document } from '../core/document'
import { jsonOf, sameJson, writeJson } from '../core/json'
import { WorkflowError } from '../core/problems'
import { type Prompt, toPrompt } from '../core/prompt/convert'
import type { App } from './app'
import { isBusy } from './jobs'
import { readMemory } from './memory'
import { formTroubles, showTroubles } from './problems'
import { key } from './run'
import { activeTab, type Tab } from './tabs'

/** Milliseconds of quiet after which a change is looked at. */
export const QUIET = 350

/** Milliseconds until a server is asked again that could not tell. */
const AGAIN = 4000

/** What is not said of a workflow that somebody is still making: only when it is run. */
const UNFINISHED: ReadonlySet<string> = new Set(['required_input_missing', 'undeclared_input', 'no_outputs'])

interface Looked {
  readonly document: Document
  readonly text: string
}

/** Looks at the open workflow from now on, whenever something changes that decides what a run would do. */
export function planRuns(app: App): () => void {
  const looked = new Map<string, Looked>()
  let timer: ReturnType<typeof setTimeout> | undefined
  let asking: AbortController | undefined
  let ended = ''

  function soon(wait = QUIET): void {
    clearTimeout(timer)
    timer = setTimeout(() => void look(), wait)
  }
  /** A run that has ended changes what is cached. */
  function jobsChanged(): void {
    const now = app.jobs
      .get()
      .own.filter((job) => job.state !== 'waiting' && job.state !== 'running')
      .map((job) => job.id)
      .join()
    if (now === ended) return
    ended = now
    looked.clear()
    soon()
    if (app.connection.get() === 'open') void readMemory(app)
  }
  function anew(): void {
    looked.clear()
    soon()
  }
  async function look(): Promise<void> {
    const tab = activeTab(app.tabs.get())
    if (tab === undefined || app.connection.get() !== 'open') return
    const before = looked.get(tab.id)
    if (before?.document === tab.edited.document) return
    const prompt = promptOf(app, tab)
    const text = prompt === null ? '' : writeJson(prompt)
    looked.set(tab.id, { document: tab.edited.document, text })
    if (prompt === null || before?.text === text) return
    asking?.abort()
    asking = new AbortController()
    try {
      await ask(app, tab, prompt, asking.signal)
    } catch (error) {
      if (error instanceof DOMException && error.name === 'AbortError') return
      if (!(error instanceof ServerError || error instanceof OfflineError)) throw error
      looked.delete(tab.id)
      if (error instanceof ServerError && error.status === 503) soon(AGAIN)
    }
  }
  const stops = [
    app.tabs.subscribe(() => soon()),
    app.jobs.subscribe(jobsChanged),
    app.definitions.subscribe(anew),
    app.connection.subscribe(anew),
  ]
  soon()
  return () => {
    clearTimeout(timer)
    asking?.abort()
    for (const stop of stops) stop()
  }
}

/** Returns what would be sent, choices taken as they come first; null where the workflow's form is wrong. */
function promptOf(app: App, { id, edited }: Tab): Prompt | null {
  try {
    return toPrompt(edited.document, app.definitions.get(), { now: new Date(), choose: () => 0 })
  } catch (error) {
    if (!(error instanceof WorkflowError)) throw error
    showTroubles(app, id, formTroubles(error))
    forget(app, id)
    return null
  }
}

async function ask(app: App, tab: Tab, prompt: Prompt, signal: AbortSignal): Promise<void> {
  if (prompt.size === 0) return forget(app, tab.id)
  const validity = await app.api.validate(prompt, undefined, signal)
  const told = jsonOf(validity.problems ?? [])
  const troubles = toldTroubles(told, tab.edited.document, app.definitions.get())
  showTroubles(
    app,
    tab.id,
    troubles.filter((one) => !UNFINISHED.has(one.code)),
  )
  if (!validity.valid) return forget(app, tab.id)
  if (isBusy(app.jobs.get(), tab.id)) return // asked again when its run has ended
  const [explained, estimate] = await Promise.all([
    app.api.explain(prompt, undefined, signal),
    app.api.estimate(prompt, undefined, signal),
  ])
  showPlan(app, tab.id, explained.nodes)
  app.run.estimate.set(tab.id, estimate)
}

function forget(app: App, tab: string): void {
  app.run.plan.clear(`${tab}/`)
  app.run.estimate.set(tab, undefined)
}

/** Shows a plan; a node of which the same is told as before is not drawn anew. */
function showPlan(app: App, tab: string, nodes: readonly NodeExplanation[]): void {
  const { plan } = app.run
  const told = new Set(nodes.map((one) => key(tab, one.node)))
  for (const at of plan.keys()) if (at.startsWith(`${tab}/`) && !told.has(at)) plan.set(at, undefined)
  for (const one of nodes) {
    const at = key(tab, one.node)
    const before = plan.get(at)
    if (before === undefined || !sameJson(jsonOf(before), jsonOf(one))) plan.set(at, one)
  }
}
