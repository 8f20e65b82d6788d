/** The seeds of a whole document, moved on before or after a run. */

import type { GraphNode } from '../document'
import { ROOT } from '../document'
import { fieldsOf } from '../fields'
import { sameJson } from '../json'
import type { Op } from '../operations'
import { type Draw, nextValue } from '../seeds'
import { shownValues, withValue } from '../widgets'
import type { Scene } from './plan'

/** Returns what moves on every field that is not fixed, in all graphs; inputs that are linked stay. */
export function advanceSeeds({ document, definitions }: Omit<Scene, 'graph'>, draw: Draw): readonly Op[] {
  const graphs = [[ROOT, document.root] as const, ...document.subgraphs]
  return graphs.flatMap(([graph, { nodes }]) =>
    [...nodes.values()].flatMap((node): Op[] => {
      const value = advanced(node)
      return value === node ? [] : [{ op: 'node', graph, id: node.id, value }]
    }),
  )

  function advanced(node: GraphNode): GraphNode {
    let found = node
    // Most nodes have no such word: they are told from the rest without reading their values.
    if (!fieldsOf(document, definitions, node).some((one) => one.kind === 'control')) return node
    for (const { field, value, control } of shownValues(document, definitions, node)) {
      const linked = node.inputs.some((slot) => slot.name === field.name && slot.link !== null)
      const widget = field.input?.widget
      if (control === null || value === undefined || linked || !widget) continue
      const next = nextValue(value, widget, control, draw)
      if (!sameJson(next, value)) found = withValue(document, definitions, found, field, next)
    }
    return found
  }
}
