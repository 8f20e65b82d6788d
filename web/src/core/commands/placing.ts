/** Moving whatever lies on the canvas: nodes, frames with what is in them, gates, points of links. */

import { type Box, type Graph, type GraphId, graphOf, type NodeId, type Point, ROOT } from '../document'
import type { Op } from '../operations'
import { boxOf, moved } from './nodes'
import type { Scene } from './plan'

/** Where things are put, by kind. A gate's key is `entry` or `exit`. */
export interface Places {
  readonly nodes: ReadonlyMap<NodeId, Point>
  readonly groups: ReadonlyMap<string, Point>
  readonly reroutes: ReadonlyMap<string, Point>
  readonly gates: ReadonlyMap<'entry' | 'exit', Point>
}

export const NO_PLACES: Places = {
  nodes: new Map(),
  groups: new Map(),
  reroutes: new Map(),
  gates: new Map(),
}

const holds = (box: Box, at: Point): boolean =>
  at.x >= box.x && at.x <= box.x + box.width && at.y >= box.y && at.y <= box.y + box.height

const within = (inner: Box, outer: Box): boolean =>
  holds(outer, inner) && holds(outer, { x: inner.x + inner.width, y: inner.y + inner.height })

/** Adds to the groups that are moved what lies in them, unless it is moved by itself or pinned. */
export function withContents(graph: Graph, places: Places): Places {
  if (places.groups.size === 0) return places
  const nodes = new Map(places.nodes)
  const groups = new Map(places.groups)
  const reroutes = new Map(places.reroutes)
  for (const [id, at] of places.groups) {
    const group = graph.groups.get(id)
    if (group === undefined) continue
    const by = { x: at.x - group.box.x, y: at.y - group.box.y }
    for (const node of graph.nodes.values()) {
      const box = boxOf(node)
      const middle = { x: box.x + box.width / 2, y: box.y + box.height / 2 }
      if (!nodes.has(node.id) && !node.pinned && holds(group.box, middle))
        nodes.set(node.id, moved(node.pos, by))
    }
    for (const inner of graph.groups.values())
      if (!groups.has(inner.id) && !inner.pinned && within(inner.box, group.box))
        groups.set(inner.id, moved(inner.box, by))
    for (const point of graph.reroutes.values())
      if (!reroutes.has(point.id) && holds(group.box, point.pos)) reroutes.set(point.id, moved(point.pos, by))
  }
  return { ...places, nodes, groups, reroutes }
}

/** Puts everything where it is dragged to. */
export function placeAll(scene: Scene, places: Places): readonly Op[] {
  const { graph } = scene
  const shown = graphOf(scene.document, graph)
  const ops: Op[] = []
  for (const [id, pos] of places.nodes) {
    const node = shown.nodes.get(id)
    if (node !== undefined && differ(node.pos, pos))
      ops.push({ op: 'node', graph, id, value: { ...node, pos } })
  }
  for (const [id, at] of places.groups) {
    const group = shown.groups.get(id)
    if (group !== undefined && differ(group.box, at))
      ops.push({ op: 'group', graph, id, value: { ...group, box: { ...group.box, ...at } } })
  }
  for (const [id, pos] of places.reroutes) {
    const point = shown.reroutes.get(id)
    if (point !== undefined && differ(point.pos, pos))
      ops.push({ op: 'reroute', graph, id, value: { ...point, pos } })
  }
  return [...ops, ...gateOps(scene, graph, places)]
}

function gateOps({ document }: Scene, graph: GraphId, { gates }: Places): readonly Op[] {
  const subgraph = graph === ROOT ? undefined : document.subgraphs.get(graph)
  if (subgraph === undefined || gates.size === 0) return []
  const { name, inputs, outputs } = subgraph
  const gate = (side: 'entry' | 'exit') => ({
    ...subgraph[side],
    box: { ...subgraph[side].box, ...gates.get(side) },
  })
  return [
    { op: 'border', id: graph, value: { name, inputs, outputs, entry: gate('entry'), exit: gate('exit') } },
  ]
}

const differ = (one: Point, other: Point): boolean => one.x !== other.x || one.y !== other.y
