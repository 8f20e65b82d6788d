/** Where nodes stand: aligned, spread evenly, on a grid, in layers from left to right. */

import type { Box, Graph, GraphNode, NodeId, Point, Size } from '../document'
import { graphOf } from '../document'
import type { Op } from '../operations'
import { boxOf } from './nodes'
import { NO_PLACES, placeAll } from './placing'
import { changeNodes, type Scene } from './plan'

export type Edge = 'left' | 'right' | 'top' | 'bottom' | 'middle' | 'centre'

/** Moves nodes so that an edge of all lies in one line: the outermost, or the mean for middle and centre. */
export function align(scene: Scene, ids: readonly NodeId[], edge: Edge): readonly Op[] {
  const boxes = boxesOf(scene, ids)
  if (boxes.length < 2) return []
  const at = (box: Box): number => {
    switch (edge) {
      case 'left':
        return box.x
      case 'right':
        return box.x + box.width
      case 'top':
        return box.y
      case 'bottom':
        return box.y + box.height
      case 'centre':
        return box.x + box.width / 2
      case 'middle':
        return box.y + box.height / 2
    }
  }
  const places = boxes.map(at)
  const mean = places.reduce((one, other) => one + other, 0) / places.length
  const line = {
    left: Math.min,
    top: Math.min,
    right: Math.max,
    bottom: Math.max,
    centre: () => mean,
    middle: () => mean,
  }
  const target = line[edge](...places)
  const sideways = edge === 'left' || edge === 'right' || edge === 'centre'
  return changeNodes(scene, ids, (node) => {
    const by = target - at(boxOf(node))
    return by === 0 || node.pinned ? node : { ...node, pos: shifted(node.pos, by, sideways) }
  })
}

function shifted({ x, y }: Point, by: number, sideways: boolean): Point {
  return sideways ? { x: x + by, y } : { x, y: y + by }
}

/** Moves nodes between the outermost two so that the gaps are equal. */
export function distribute(
  scene: Scene,
  ids: readonly NodeId[],
  direction: 'across' | 'down',
): readonly Op[] {
  const sideways = direction === 'across'
  const start = (box: Box) => (sideways ? box.x : box.y)
  const long = (box: Box) => (sideways ? box.width : box.height)
  const { nodes } = graphOf(scene.document, scene.graph)
  const sorted = ids
    .flatMap((id) => nodes.get(id) ?? [])
    .map((node) => ({ node, box: boxOf(node) }))
    .sort((one, other) => start(one.box) - start(other.box))
  const [first, last] = [sorted[0], sorted.at(-1)]
  if (first === undefined || last === undefined || sorted.length < 3) return []
  const filled = sorted.reduce((sum, { box }) => sum + long(box), 0)
  const gap = (start(last.box) + long(last.box) - start(first.box) - filled) / (sorted.length - 1)
  const places = new Map<NodeId, number>()
  let at = start(first.box)
  for (const { node, box } of sorted) {
    places.set(node.id, at - start(box))
    at += long(box) + gap
  }
  return changeNodes(scene, ids, (node) => {
    const by = places.get(node.id) ?? 0
    return Math.abs(by) < 1e-9 || node.pinned ? node : { ...node, pos: shifted(node.pos, by, sideways) }
  })
}

/** Moves nodes to the nearest points of a grid. */
export function snap(scene: Scene, ids: Iterable<NodeId>, grid: number): readonly Op[] {
  return changeNodes(scene, ids, (node) => {
    const pos = snapped(node.pos, grid)
    return node.pinned || (pos.x === node.pos.x && pos.y === node.pos.y) ? node : { ...node, pos }
  })
}

export function snapped({ x, y }: Point, grid: number): Point {
  return { x: Math.round(x / grid) * grid + 0, y: Math.round(y / grid) * grid + 0 }
}

function boxesOf({ document, graph }: Scene, ids: readonly NodeId[]): readonly Box[] {
  const { nodes } = graphOf(document, graph)
  return ids.flatMap((id) => nodes.get(id) ?? []).map(boxOf)
}

/** Points between columns, and between the nodes of one: the title bar stands above a node's place. */
const ACROSS = 80
const DOWN = 60
const SWEEPS = 4

/** Lays nodes out in layers, each right of its sources; all nodes where none are given. The corner stays. */
export function autoLayout(scene: Scene, ids?: readonly NodeId[]): readonly Op[] {
  const graph = graphOf(scene.document, scene.graph)
  const chosen = new Set(ids && ids.length > 1 ? ids : graph.nodes.keys())
  const nodes = [...chosen].flatMap((id) => graph.nodes.get(id) ?? []).filter((node) => !node.pinned)
  if (nodes.length === 0) return []
  const sources = sourcesAmong(graph, nodes)
  const places = layered(
    nodes.map((node) => [node.id, drawnSize(node)] as const),
    sources,
  )
  const left = Math.min(...nodes.map((node) => node.pos.x))
  const top = Math.min(...nodes.map((node) => node.pos.y))
  const now = new Map(
    nodes.map(({ id }) => {
      const { x, y } = places.get(id) ?? { x: 0, y: 0 }
      return [id, { x: left + x, y: top + y }] as const
    }),
  )
  const moved = changeNodes(scene, now.keys(), (node) => ({ ...node, pos: now.get(node.id) ?? node.pos }))
  return [...moved, ...alongWith(scene, now)]
}

/** Moves the points of links as far as the nodes at their ends move, on average. */
function alongWith(scene: Scene, now: ReadonlyMap<NodeId, Point>): readonly Op[] {
  const { nodes, links, reroutes } = graphOf(scene.document, scene.graph)
  const points = new Map<string, Point>()
  for (const { id, pos, links: passing } of reroutes.values()) {
    const ends = passing.flatMap((link) => {
      const { origin, target } = links.get(link) ?? {}
      return [origin, target].flatMap((node) => nodes.get(node ?? '') ?? [])
    })
    const far = (axis: 'x' | 'y') =>
      ends.reduce((sum, node) => sum + (now.get(node.id) ?? node.pos)[axis] - node.pos[axis], 0) /
      Math.max(1, ends.length)
    points.set(id, { x: pos.x + Math.round(far('x')), y: pos.y + Math.round(far('y')) })
  }
  return placeAll(scene, { ...NO_PLACES, reroutes: points })
}

const drawnSize = (node: GraphNode): Size =>
  node.collapsed ? { width: node.size.width, height: 0 } : node.size

function sourcesAmong(graph: Graph, nodes: readonly GraphNode[]): ReadonlyMap<NodeId, readonly NodeId[]> {
  const known = new Set(nodes.map((node) => node.id))
  return new Map(
    nodes.map((node) => {
      const origins = node.inputs.flatMap(({ link }) => graph.links.get(link ?? '')?.origin ?? [])
      return [node.id, origins.filter((origin) => known.has(origin) && origin !== node.id)]
    }),
  )
}

/**
 * Returns the upper left corners of nodes: in columns by the longest way from a source, in each column near the
 * nodes that they are linked to. A cycle does no harm.
 */
export function layered(
  sizes: readonly (readonly [NodeId, Size])[],
  sources: ReadonlyMap<NodeId, readonly NodeId[]>,
): ReadonlyMap<NodeId, Point> {
  const depths = depthsOf(
    sizes.map(([id]) => id),
    sources,
  )
  const targets = new Map<NodeId, NodeId[]>()
  for (const [id, origins] of sources)
    for (const origin of origins) targets.set(origin, [...(targets.get(origin) ?? []), id])
  const columns: NodeId[][] = []
  for (const [id] of sizes) {
    const depth = depths.get(id) ?? 0
    columns[depth] = [...(columns[depth] ?? []), id]
  }
  const filled = columns.filter((column) => column !== undefined)
  for (let sweep = 0; sweep < SWEEPS; sweep += 1) {
    const down = sweep % 2 === 0
    const order = new Map<NodeId, number>()
    for (const column of filled) for (const [at, id] of column.entries()) order.set(id, at)
    for (const column of down ? filled : filled.toReversed()) {
      const near = (id: NodeId) => (down ? sources : targets).get(id) ?? []
      const weights = new Map(
        column.map((id, at) => [
          id,
          mean(
            near(id).map((one) => order.get(one) ?? 0),
            at,
          ),
        ]),
      )
      column.sort((one, other) => (weights.get(one) ?? 0) - (weights.get(other) ?? 0))
      for (const [at, id] of column.entries()) order.set(id, at)
    }
  }
  const measured = new Map(sizes)
  const places = new Map<NodeId, Point>()
  let x = 0
  for (const column of filled) {
    let y = 0
    for (const id of column) {
      places.set(id, { x, y })
      y += (measured.get(id)?.height ?? 0) + DOWN
    }
    x += Math.max(...column.map((id) => measured.get(id)?.width ?? 0)) + ACROSS
  }
  return places
}

function mean(numbers: readonly number[], otherwise: number): number {
  return numbers.length === 0 ? otherwise : numbers.reduce((one, other) => one + other, 0) / numbers.length
}

function depthsOf(
  ids: readonly NodeId[],
  sources: ReadonlyMap<NodeId, readonly NodeId[]>,
): ReadonlyMap<NodeId, number> {
  const depths = new Map<NodeId, number>()
  const open = new Set<NodeId>()
  for (const start of ids) {
    const way = [start]
    for (let id = way.at(-1); id !== undefined; id = way.at(-1)) {
      const own = sources.get(id) ?? []
      const next = depths.has(id) ? undefined : own.find((one) => !depths.has(one) && !open.has(one))
      if (next !== undefined) {
        open.add(id)
        way.push(next)
        continue
      }
      if (!depths.has(id)) depths.set(id, 1 + Math.max(-1, ...own.map((one) => depths.get(one) ?? -1)))
      open.delete(id)
      way.pop()
    }
  }
  return depths
}

/** Returns all nodes of the types that some nodes have. */
export function ofSameTypes({ document, graph }: Scene, ids: Iterable<NodeId>): readonly NodeId[] {
  const { nodes } = graphOf(document, graph)
  const types = new Set([...ids].map((id) => nodes.get(id)?.type))
  return [...nodes.values()].filter((node) => types.has(node.type)).map((node) => node.id)
}
