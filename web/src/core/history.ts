/** Undo and redo: a list of steps, each with the operations that lead there and back. A value like the document. */

import type { Document, NodeId } from './document'
import { apply, type Op } from './operations'

/** One step; `label` names it in menus. Steps of one `merge` key that follow at once are one. */
export interface Step {
  readonly label: string
  readonly merge: string | null
  readonly time: number
  /** The instances of subgraphs that were looked into when it was made. */
  readonly path: readonly NodeId[]
  readonly there: readonly Op[]
  readonly back: readonly Op[]
}

export interface History {
  readonly past: readonly Step[]
  readonly future: readonly Step[]
}

/** A document with the way it came. */
export interface Edited {
  readonly document: Document
  readonly history: History
}

export interface EditOptions {
  readonly label: string
  /** What makes one step of typing or dragging: the same text for each of its moments, like "widget:5:text". */
  readonly merge?: string
  /** Milliseconds, of any clock that only goes forward. */
  readonly time: number
  readonly path?: readonly NodeId[]
}

export const NO_HISTORY: History = { past: [], future: [] }

/** Milliseconds after which typing begins a new step. */
export const PAUSE = 1000

/** Steps that are kept. */
export const MOST_STEPS = 500

/** Applies operations as a step, or as part of the last one. Without operations nothing changes. */
export function edit({ document, history }: Edited, ops: readonly Op[], options: EditOptions): Edited {
  if (ops.length === 0) return { document, history }
  const { document: changed, inverse } = apply(document, ops)
  const last = history.past.at(-1)
  const merge = options.merge ?? null
  const joined =
    last !== undefined && merge !== null && last.merge === merge && options.time - last.time < PAUSE
  const step: Step = joined
    ? { ...last, time: options.time, ...compacted([...last.there, ...ops], [...inverse, ...last.back]) }
    : { label: options.label, merge, time: options.time, path: options.path ?? [], there: ops, back: inverse }
  const past = [...(joined ? history.past.slice(0, -1) : history.past), step].slice(-MOST_STEPS)
  return { document: changed, history: { past, future: [] } }
}

/** Takes the last step back; the same value where there is none. */
export function undo(edited: Edited): Edited {
  const step = edited.history.past.at(-1)
  if (step === undefined) return edited
  const { document, inverse } = apply(edited.document, step.back)
  const taken: Step = { ...step, merge: null, there: inverse }
  const { past, future } = edited.history
  return { document, history: { past: past.slice(0, -1), future: [taken, ...future] } }
}

/** Does again what was taken back last. */
export function redo(edited: Edited): Edited {
  const [step, ...rest] = edited.history.future
  if (step === undefined) return edited
  const { document, inverse } = apply(edited.document, step.there)
  const past = [...edited.history.past, { ...step, back: inverse }]
  return { document, history: { past, future: rest } }
}

/** Of replacements of one thing by itself only the last counts there, and the last back: typing stays small. */
function compacted(there: readonly Op[], back: readonly Op[]): Pick<Step, 'there' | 'back'> {
  const plain = [...there, ...back].every(
    (op) => op.op === 'node' && op.value !== null && op.at === undefined,
  )
  return plain ? { there: lastOfEach(there), back: lastOfEach(back) } : { there, back }
}

function lastOfEach(ops: readonly Op[]): readonly Op[] {
  const found = new Map<string, Op>()
  for (const op of ops) if (op.op === 'node') found.set(`${op.graph}\n${op.id}`, op)
  return [...found.values()]
}
