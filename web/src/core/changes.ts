/** Where a step of the history changed a workflow, and what. */

import { boxOf } from './commands/nodes'
import type { Box, Document, Graph, GraphId, NodeId } from './document'
import { ROOT } from './document'
import type { Op } from './operations'

/** Returns the graphs that operations change, in their order; a subgraph counts by its nodes and its border. */
export function changedGraphs(ops: readonly Op[]): readonly GraphId[] {
  const found = ops.flatMap((op): GraphId[] => {
    if (op.op === 'border') return [op.id]
    return op.op === 'subgraph' || op.op === 'document' ? [] : [op.graph]
  })
  return [...new Set(found)]
}

/** Returns boxes around what operations change in a graph: as it is, or was where it is no more. */
export function changedBoxes(
  ops: readonly Op[],
  id: GraphId,
  after: Document,
  before: Document,
): readonly Box[] {
  const held = [graphIn(after, id), graphIn(before, id)].flatMap((graph) => graph ?? [])
  const boxes = new Map<string, Box>()
  for (const op of ops) {
    const box = held.map((graph) => boxIn(graph, op, id)).find((one) => one !== undefined)
    if (box !== undefined && 'id' in op) boxes.set(`${op.op}/${op.id}`, box)
  }
  return [...boxes.values()]
}

function boxIn(graph: Graph, op: Op, id: GraphId): Box | undefined {
  if (op.op === 'border' && op.id === id && 'entry' in graph)
    return (graph as { entry: { box: Box } }).entry.box
  if (!('graph' in op) || op.graph !== id) return undefined
  if (op.op === 'node') {
    const node = graph.nodes.get(op.id)
    return node === undefined ? undefined : boxOf(node)
  }
  if (op.op === 'group') return graph.groups.get(op.id)?.box
  const pos = op.op === 'reroute' ? graph.reroutes.get(op.id)?.pos : undefined
  return pos === undefined ? undefined : { ...pos, width: 0, height: 0 }
}

function graphIn(document: Document, id: GraphId): Graph | undefined {
  return id === ROOT ? document.root : document.subgraphs.get(id)
}

/** Returns the instances that lead to a graph: those around `near` if they do, else the fewest; none for nowhere. */
export function wayToGraph(
  document: Document,
  wanted: GraphId,
  near: readonly NodeId[],
): readonly NodeId[] | undefined {
  let graph: GraphId = ROOT
  for (const [at, step] of [...near, ''].entries()) {
    if (graph === wanted) return near.slice(0, at)
    graph = graphIn(document, graph)?.nodes.get(step)?.type ?? ''
    if (!document.subgraphs.has(graph)) break
  }
  const seen = new Set<GraphId>()
  const waiting: (readonly [GraphId, readonly NodeId[]])[] = [[ROOT, []]]
  for (const [id, way] of waiting) {
    if (id === wanted) return way
    if (seen.has(id)) continue
    seen.add(id)
    for (const node of graphIn(document, id)?.nodes.values() ?? [])
      if (document.subgraphs.has(node.type)) waiting.push([node.type, [...way, node.id]])
  }
  return undefined
}
