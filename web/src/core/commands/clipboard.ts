/** Copy and paste. What is copied is a workflow of its own, so that it can be pasted as text anywhere. */

import type { Document, Graph, GraphId, GraphNode, Group, Link, NodeId, Point, Subgraph } from '../document'
import { EMPTY_DOCUMENT, EMPTY_GRAPH, graphOf, ROOT } from '../document'
import { identity, idJson, inside, slotNumber } from '../files/fields'
import { readDocument } from '../files/reading'
import { documentJson } from '../files/writing'
import { EMPTY, isList, isObject, type Json, parseJson, withKeys, writeJson } from '../json'
import type { Op } from '../operations'
import { requireNotItself } from './create'
import { boxAround, boxOf, moved } from './nodes'
import { Plan, type Scene } from './plan'
import { reroutesOf } from './reroutes'

/** In `extra.inkloom`: links from nodes that were not copied, as [source, output, copied node, input]. */
const OUTSIDE = 'outside'

/** Returns nodes and groups as text, with the subgraphs that they use and the links between them. */
export function copyText(scene: Scene, ids: Iterable<NodeId>, groupIds: Iterable<string> = []): string {
  const { document } = scene
  const graph = graphOf(document, scene.graph)
  const chosen = new Set(ids)
  const nodes = [...graph.nodes].filter(([id]) => chosen.has(id))
  const links = [...graph.links].filter(([, one]) => chosen.has(one.origin) && chosen.has(one.target))
  const outside = [...graph.links.values()].filter(
    (one) => graph.nodes.has(one.origin) && !chosen.has(one.origin) && chosen.has(one.target),
  )
  const known = new Set(links.map(([id]) => id))
  const frames = new Set(groupIds)
  const root: Graph = {
    ...EMPTY_GRAPH,
    nodes: new Map(nodes.map(([id, node]) => [id, onlyLinks(node, known)])),
    links: new Map(links.map(([id, link]) => [id, { ...link, raw: null }])),
    reroutes: reroutesOf(graph.reroutes, known),
    groups: new Map([...graph.groups].filter(([id]) => frames.has(id))),
  }
  const said = outside.map(
    (one): Json => [idJson(one.origin), one.originSlot, idJson(one.target), one.targetSlot],
  )
  const extra = said.length > 0 ? withKeys(EMPTY, { inkloom: new Map([[OUTSIDE, said]]) }) : EMPTY
  const subgraphs = usedBy(document, root)
  return writeJson(documentJson({ ...EMPTY_DOCUMENT, root, subgraphs, extra }), 2)
}

function onlyLinks(node: GraphNode, known: ReadonlySet<string>): GraphNode {
  return {
    ...node,
    inputs: node.inputs.map((slot) =>
      slot.link === null || known.has(slot.link) ? slot : { ...slot, link: null },
    ),
    outputs: node.outputs.map((slot) => ({ ...slot, links: slot.links.filter((id) => known.has(id)) })),
  }
}

/** Returns the subgraphs that a graph uses, those inside of them too; all defined side by side. */
function usedBy(document: Document, root: Graph): Document['subgraphs'] {
  const found = new Map<GraphId, Subgraph>()
  const waiting: Graph[] = [root]
  for (const graph of waiting) {
    for (const node of graph.nodes.values()) {
      const inner = document.subgraphs.get(node.type)
      if (inner === undefined || found.has(inner.id)) continue
      found.set(inner.id, { ...inner, holder: ROOT })
      waiting.push(inner)
    }
  }
  return found
}

export interface Pasted {
  readonly ops: readonly Op[]
  readonly nodes: readonly NodeId[]
  readonly groups: readonly string[]
}

/**
 * Pastes copied text, or any workflow, with its upper left corner at a point; without one, a little beside where
 * it was. With `connect`, inputs that came from nodes which are still here are linked to them again. Raises
 * `JsonError` or `WorkflowError` for text that is no workflow.
 */
export function paste(scene: Scene, text: string, at?: Point, connect = false): Pasted {
  const found = parseJson(text)
  return pasteDocument(scene, readDocument(isObject(found) ? found : EMPTY), at, connect)
}

export function pasteDocument(scene: Scene, copied: Document, at?: Point, connect = false): Pasted {
  const plan = new Plan(scene)
  const { root } = copied
  requireNotItself(
    scene,
    [...root.nodes.values()].map((node) => node.type),
  )
  const frames = [...root.groups.values()]
  const corner = boxAround([...[...root.nodes.values()].map(boxOf), ...frames.map((one) => one.box)])
  if (corner === undefined) return { ops: [], nodes: [], groups: [] }
  const by = at === undefined ? { x: 40, y: 40 } : { x: at.x - corner.x, y: at.y - corner.y }
  for (const [id, value] of copied.subgraphs) {
    if (!scene.document.subgraphs.has(id)) plan.op({ op: 'subgraph', id, value: { ...value, holder: ROOT } })
  }
  const ids = new Map<NodeId, NodeId>()
  const links = new Map([...root.links].map(([id]) => [id, plan.newLinkId()]))
  for (const node of root.nodes.values()) {
    const id = plan.newNodeId()
    ids.set(node.id, id)
    plan.put({ ...relinked(node, links), id, pos: moved(node.pos, by) })
  }
  const points = new Map([...root.reroutes].map(([id]) => [id, plan.newRerouteId()]))
  const pointOf = (id: string | null) => points.get(id ?? '') ?? null
  for (const point of root.reroutes.values()) {
    const passing = point.links.flatMap((id) => links.get(id) ?? [])
    const [id, parent, pos] = [pointOf(point.id) ?? '', pointOf(point.parent), moved(point.pos, by)]
    plan.putReroute({ id, parent, pos, links: passing, raw: EMPTY })
  }
  for (const link of root.links.values()) {
    const id = links.get(link.id) ?? ''
    const [origin, target] = [ids.get(link.origin), ids.get(link.target)]
    if (origin === undefined || target === undefined) continue
    const value: Link = { ...link, id, origin, target, reroute: pointOf(link.reroute), raw: null }
    plan.op({ op: 'link', graph: scene.graph, id, value })
  }
  if (connect)
    for (const [from, to] of outsideLinks(copied, ids))
      if (plan.find(from.node)?.outputs[from.slot]) plan.connect(from, to)
  const taken = graphOf(scene.document, scene.graph).groups
  const groups = frames.map((frame, number): Group => {
    const id = String(Math.max(0, ...[...taken.keys()].map(Number).filter(Number.isSafeInteger)) + 1 + number)
    return { ...frame, id, box: { ...frame.box, ...moved(frame.box, by) } }
  })
  for (const group of groups) plan.group(group)
  return { ops: plan.ops(), nodes: [...ids.values()], groups: groups.map((one) => one.id) }
}

function relinked(node: GraphNode, links: ReadonlyMap<string, string>): GraphNode {
  return {
    ...node,
    inputs: node.inputs.map((slot) => ({ ...slot, link: links.get(slot.link ?? '') ?? null })),
    outputs: node.outputs.map((slot) => ({
      ...slot,
      links: slot.links.flatMap((id) => links.get(id) ?? []),
    })),
  }
}

function outsideLinks(copied: Document, ids: ReadonlyMap<NodeId, NodeId>) {
  const said = inside(copied.extra, 'inkloom').get(OUTSIDE)
  return (isList(said) ? said : []).flatMap((one) => {
    const [origin, slot, target, targetSlot] = isList(one) ? one : []
    const [from, to] = [identity(origin), ids.get(identity(target) ?? '')]
    const [output, input] = [slotNumber(slot), slotNumber(targetSlot)]
    if (from === undefined || to === undefined || output === undefined || input === undefined) return []
    return [
      [
        { node: from, slot: output },
        { node: to, slot: input },
      ] as const,
    ]
  })
}

/** Puts copies of nodes beside them; `connect` links their inputs to what the originals are linked to. */
export function duplicate(scene: Scene, ids: Iterable<NodeId>, connect = false): Pasted {
  return paste(scene, copyText(scene, ids), undefined, connect)
}
