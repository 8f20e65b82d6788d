/** An A/B grid: one prompt for each combination of values along one or two axes. */

import { setValue } from '../commands/nodes'
import type { Definitions } from '../definitions'
import { type Document, type GraphId, type NodeId, ROOT } from '../document'
import type { Field } from '../fields'
import type { Json } from '../json'
import { apply } from '../operations'
import { type Moment, type Prompt, toPrompt } from './convert'

/** A field, and the values that it takes in turn. */
export interface Axis {
  readonly graph?: GraphId
  readonly node: NodeId
  readonly field: Pick<Field, 'name' | 'holder'>
  readonly values: readonly Json[]
}

export interface Cell {
  /** The number of the value along each axis. */
  readonly at: readonly number[]
  readonly values: readonly Json[]
  readonly document: Document
  readonly prompt: Prompt
}

/** Cells that a grid may have. */
export const MOST_CELLS = 1000

/** Returns a cell for each combination; the last axis runs fastest. Raises for none, or more than `MOST_CELLS`. */
export function grid(
  document: Document,
  definitions: Definitions,
  axes: readonly Axis[],
  moment: Moment,
): readonly Cell[] {
  const count = axes.reduce((product, axis) => product * axis.values.length, 1)
  if (count < 1 || count > MOST_CELLS) {
    throw new Error(`a grid of ${count} pictures can't be made: it must have between 1 and ${MOST_CELLS}`)
  }
  return Array.from({ length: count }, (_, number) => {
    let rest = number
    const at = axes.map(() => 0)
    let made = document
    for (const [place, axis] of [...axes.entries()].reverse()) {
      at[place] = rest % axis.values.length
      rest = Math.floor(rest / axis.values.length)
    }
    const values = axes.map((axis, place) => axis.values[at[place] ?? 0] ?? null)
    for (const [place, { graph = ROOT, node, field }] of axes.entries()) {
      made = apply(
        made,
        setValue({ document: made, definitions, graph }, node, field, values[place] ?? null),
      ).document
    }
    return { at, values, document: made, prompt: toPrompt(made, definitions, moment) }
  })
}
