/** Where one has looked: jumps of the view can be taken back, like steps of a browser. A value, like the tabs. */

import type { NodeId, View } from '../core/document'

/** A place in a workflow. */
export interface Jump {
  readonly tab: string
  /** The instances of subgraphs that lead there. */
  readonly path: readonly NodeId[]
  readonly view: View
}

export interface Jumps {
  readonly past: readonly Jump[]
  readonly future: readonly Jump[]
}

export const NO_JUMPS: Jumps = { past: [], future: [] }

const MOST = 100

/** Remembers where one looked before a jump; what was taken back is forgotten. */
export function jumped(jumps: Jumps, from: Jump): Jumps {
  const last = jumps.past.at(-1)
  const past = last !== undefined && same(last, from) ? jumps.past : [...jumps.past, from].slice(-MOST)
  return { past, future: [] }
}

/** Returns where to go back to from here, or forth, and what is remembered then; null for nowhere. */
export function travelled(jumps: Jumps, here: Jump, step: -1 | 1): readonly [Jump, Jumps] | null {
  const { past, future } = jumps
  const target = step < 0 ? past.at(-1) : future[0]
  if (target === undefined) return null
  return step < 0
    ? [target, { past: past.slice(0, -1), future: [here, ...future] }]
    : [target, { past: [...past, here], future: future.slice(1) }]
}

function same(one: Jump, other: Jump): boolean {
  return (
    one.tab === other.tab &&
    one.path.join() === other.path.join() &&
    Math.abs(one.view.x - other.view.x) < 1 &&
    Math.abs(one.view.y - other.view.y) < 1 &&
    Math.abs(one.view.scale - other.view.scale) < 0.001
  )
}
