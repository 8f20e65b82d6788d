/** Commands that change nodes where they are: values, looks, modes. */

import type { Box, GraphNode, Group, GroupId, NodeId, Point, Size } from '../document'
import { graphOf, MODE } from '../document'
import type { Control, Field } from '../fields'
import { EMPTY, type Json } from '../json'
import type { Op } from '../operations'
import { withControl, withValue } from '../widgets'
import { changeNodes, type Scene } from './plan'

export function setValue(
  scene: Scene,
  id: NodeId,
  field: Pick<Field, 'name' | 'holder'>,
  value: Json,
): readonly Op[] {
  return changeNodes(scene, [id], (node) => withValue(scene.document, scene.definitions, node, field, value))
}

export function setControl(
  scene: Scene,
  id: NodeId,
  field: Pick<Field, 'name' | 'holder'>,
  control: Control,
): readonly Op[] {
  return changeNodes(scene, [id], (node) =>
    withControl(scene.document, scene.definitions, node, field, control),
  )
}

/** Moves nodes by a distance; pinned ones stay. */
export function moveBy(scene: Scene, ids: Iterable<NodeId>, by: Point): readonly Op[] {
  return changeNodes(scene, ids, (node) => (node.pinned ? node : { ...node, pos: moved(node.pos, by) }))
}

/** Puts nodes where they are dragged to. */
export function place(scene: Scene, places: ReadonlyMap<NodeId, Point>): readonly Op[] {
  return changeNodes(scene, places.keys(), (node) => ({ ...node, pos: places.get(node.id) ?? node.pos }))
}

export function resize(scene: Scene, id: NodeId, size: Size, pos?: Point): readonly Op[] {
  return changeNodes(scene, [id], (node) => ({ ...node, size, pos: pos ?? node.pos }))
}

/** Gives a node a title; null or nothing takes the one of its type. */
export function setTitle(scene: Scene, id: NodeId, title: string | null): readonly Op[] {
  return changeNodes(scene, [id], (node) => ({ ...node, title: title || null }))
}

export function setColor(
  scene: Scene,
  ids: Iterable<NodeId>,
  color: string | null,
  bgcolor: string | null,
): readonly Op[] {
  return changeNodes(scene, ids, (node) => ({ ...node, color, bgcolor }))
}

/** Sets something of all nodes, or takes it back from all where all have it. */
function toggled(
  scene: Scene,
  ids: readonly NodeId[],
  has: (node: GraphNode) => boolean,
  change: (node: GraphNode, on: boolean) => GraphNode,
): readonly Op[] {
  const { nodes } = graphOf(scene.document, scene.graph)
  const on = !ids.every((id) => has(nodes.get(id) as GraphNode))
  return changeNodes(scene, ids, (node) => (has(node) === on ? node : change(node, on)))
}

export function toggleCollapsed(scene: Scene, ids: readonly NodeId[]): readonly Op[] {
  return toggled(
    scene,
    ids,
    (node) => node.collapsed,
    (node, collapsed) => ({ ...node, collapsed }),
  )
}

export function togglePinned(scene: Scene, ids: readonly NodeId[]): readonly Op[] {
  return toggled(
    scene,
    ids,
    (node) => node.pinned,
    (node, pinned) => ({ ...node, pinned }),
  )
}

/** Mutes or bypasses nodes, or lets them run again where all are so already. */
export function toggleMode(scene: Scene, ids: readonly NodeId[], mode: 'muted' | 'bypassed'): readonly Op[] {
  const change = (node: GraphNode, on: boolean) => ({ ...node, mode: on ? MODE[mode] : MODE.always })
  return toggled(scene, ids, (node) => node.mode === MODE[mode], change)
}

export function setMode(scene: Scene, ids: Iterable<NodeId>, mode: number): readonly Op[] {
  return changeNodes(scene, ids, (node) => (node.mode === mode ? node : { ...node, mode }))
}

/** Points between a group's frame and what is in it; its title stands above. */
const MARGIN = 10
const TITLE = 34
/** The title bar of a node stands above its place. */
const NODE_TITLE = 30

export function boxOf(node: GraphNode): Box {
  const height = node.collapsed ? 0 : node.size.height
  return { x: node.pos.x, y: node.pos.y - NODE_TITLE, width: node.size.width, height: height + NODE_TITLE }
}

/** Returns the least box around some; undefined for none. */
export function boxAround(boxes: readonly Box[]): Box | undefined {
  if (boxes.length === 0) return undefined
  const x = Math.min(...boxes.map((one) => one.x))
  const y = Math.min(...boxes.map((one) => one.y))
  const right = Math.max(...boxes.map((one) => one.x + one.width))
  const bottom = Math.max(...boxes.map((one) => one.y + one.height))
  return { x, y, width: right - x, height: bottom - y }
}

/** Puts a frame around nodes. */
export function createGroup(
  scene: Scene,
  ids: Iterable<NodeId>,
  title: string,
  drawn: (node: GraphNode) => Box = boxOf,
): readonly Op[] {
  const { nodes, groups } = graphOf(scene.document, scene.graph)
  const around = boxAround([...ids].flatMap((id) => nodes.get(id) ?? []).map(drawn))
  if (around === undefined) return []
  const box = {
    x: around.x - MARGIN,
    y: around.y - MARGIN - TITLE,
    width: around.width + 2 * MARGIN,
    height: around.height + 2 * MARGIN + TITLE,
  }
  const number = Math.max(0, ...[...groups.keys()].map(Number).filter(Number.isSafeInteger)) + 1
  const value: Group = { id: String(number), title, box, color: null, pinned: false, raw: EMPTY }
  return [{ op: 'group', graph: scene.graph, id: value.id, value }]
}

/** Returns the nodes whose middle lies in a group. */
export function nodesInGroup({ document, graph }: Scene, group: Group): readonly NodeId[] {
  return [...graphOf(document, graph).nodes.values()]
    .filter((node) => holds(group.box, middle(boxOf(node))))
    .map((node) => node.id)
}

const middle = (box: Box): Point => ({ x: box.x + box.width / 2, y: box.y + box.height / 2 })

function holds(box: Box, at: Point): boolean {
  return at.x >= box.x && at.x <= box.x + box.width && at.y >= box.y && at.y <= box.y + box.height
}

export function moved(at: Point, by: Point): Point {
  return { x: at.x + by.x, y: at.y + by.y }
}

/** Moves a group with the nodes in it, and the groups that lie wholly in it. */
export function moveGroup(scene: Scene, id: GroupId, by: Point): readonly Op[] {
  const { groups } = graphOf(scene.document, scene.graph)
  const group = groups.get(id)
  if (group === undefined || group.pinned) return []
  const inner = [...groups.values()].filter((one) => one.id === id || within(one.box, group.box))
  const frames = inner.map((one): Op => {
    const value = { ...one, box: { ...one.box, ...moved(one.box, by) } }
    return { op: 'group', graph: scene.graph, id: one.id, value }
  })
  return [...frames, ...moveBy(scene, nodesInGroup(scene, group), by)]
}

function within(inner: Box, outer: Box): boolean {
  return holds(outer, inner) && holds(outer, { x: inner.x + inner.width, y: inner.y + inner.height })
}

/** Changes a group's title, colour, box or pin; null removes it, its nodes stay. */
export function changeGroup(
  scene: Scene,
  id: GroupId,
  change: Partial<Omit<Group, 'id' | 'raw'>> | null,
): readonly Op[] {
  const before = graphOf(scene.document, scene.graph).groups.get(id)
  if (before === undefined) return []
  return [{ op: 'group', graph: scene.graph, id, value: change === null ? null : { ...before, ...change } }]
}

/** Mutes, bypasses or wakes all nodes of a group. */
export function setGroupMode(scene: Scene, id: GroupId, mode: number): readonly Op[] {
  const group = graphOf(scene.document, scene.graph).groups.get(id)
  return group === undefined ? [] : setMode(scene, nodesInGroup(scene, group), mode)
}
