/** What is known of the nodes of a run, each by `key(tab, node)`: a message redraws one node and no other. */

import type { Estimate, NodeExplanation } from '../core/api/shapes'
import type { NodeId } from '../core/document'
import type { Json } from '../core/json'
import type { Shown } from '../core/outputs'
import type { Timeline } from '../core/timeline'
import { createKeyedStore, type KeyedStore } from './store'

export interface Progress {
  readonly done: number
  readonly total: number
}

/** What a node has shown: pictures, and lines of text. */
export interface NodeOutput extends Shown {
  readonly job: string
}

/**
 * Something wrong at a node; `input` where it is about one of its fields, `fix` the nearest right value. A `run`
 * told it, and it stays until the next one; or a `check` of the workflow, and it goes when that is mended.
 */
export interface NodeProblem {
  readonly from: 'run' | 'check'
  readonly message: string
  readonly input: string | null
  readonly fix: Json | undefined
  readonly traceback: readonly string[]
}

export type NodeState = 'waiting' | 'running' | 'done' | 'cached' | 'failed'

export interface RunStores {
  readonly state: KeyedStore<NodeState>
  readonly progress: KeyedStore<Progress>
  /** The step that a node went on from in this run. */
  readonly resumed: KeyedStore<number>
  /** The address of a picture that shows what a sampler has so far. */
  readonly preview: KeyedStore<string>
  readonly output: KeyedStore<NodeOutput>
  readonly problems: KeyedStore<readonly NodeProblem[]>
  /** What would become of a node if its workflow ran now, and why. */
  readonly plan: KeyedStore<NodeExplanation>
  /** By tab: what a run would take now. */
  readonly estimate: KeyedStore<Estimate>
  /** By tab: what happened in its last run, and when. */
  readonly timeline: KeyedStore<Timeline>
}

export function createRunStores(): RunStores {
  return {
    state: createKeyedStore(),
    progress: createKeyedStore(),
    resumed: createKeyedStore(),
    preview: createKeyedStore(),
    output: createKeyedStore(),
    problems: createKeyedStore(),
    plan: createKeyedStore(),
    estimate: createKeyedStore(),
    timeline: createKeyedStore(),
  }
}

export function key(tab: string, node: NodeId): string {
  return `${tab}/${node}`
}

export function ofKey(text: string): { readonly tab: string; readonly node: NodeId } {
  const at = text.indexOf('/')
  return { tab: text.slice(0, at), node: text.slice(at + 1) }
}

/** Forgets what a tab's last run told of its way; what it made stays until something newer is there. */
export function forgetRun(run: RunStores, tab: string): void {
  run.state.clear(`${tab}/`)
  run.progress.clear(`${tab}/`)
  run.resumed.clear(`${tab}/`)
  run.problems.clear(`${tab}/`)
  run.preview.clear(`${tab}/`)
}
