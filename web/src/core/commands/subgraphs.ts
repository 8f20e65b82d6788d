/** Subgraphs: made from nodes, taken apart again, and what they show outside. */

import type {
  Border,
  Document,
  GraphId,
  GraphNode,
  InputSlot,
  Link,
  LinkId,
  NodeId,
  Subgraph,
} from '../document'
import { graphOf, nodeOf, ROOT, required } from '../document'
import { renamed } from '../exposed'
import { AFTER, entriesOf, fieldsOf, OWN, proxiesOf } from '../fields'
import { EMPTY, isObject, type Json, withKeys } from '../json'
import { apply, type Op } from '../operations'
import { storedValues, withValue } from '../widgets'
import { newNode } from './create'
import { ensureInput } from './links'
import { boxAround, boxOf, moved } from './nodes'
import { type End, Plan, type Scene } from './plan'
import { reroutesOf } from './reroutes'

/** Gives a new id of a subgraph, a UUID. */
export type NewId = () => string

export interface Made {
  readonly ops: readonly Op[]
  readonly instance: NodeId
  readonly subgraph: GraphId
}

/** Points between a subgraph's nodes and the gates at its sides. */
const GATE = { width: 120, height: 60, gap: 120 }

/** Makes a subgraph of nodes: its inputs and outputs are the links that lead in and out. */
export function toSubgraph(scene: Scene, ids: Iterable<NodeId>, name: string, newId: NewId): Made {
  const plan = new Plan(scene)
  const graph = graphOf(scene.document, scene.graph)
  const chosen = new Set(ids)
  const nodes = [...graph.nodes.values()].filter((node) => chosen.has(node.id))
  const around = boxAround(nodes.map(boxOf))
  if (around === undefined) throw new Error('a subgraph needs at least one node')
  const held = (id: NodeId) => chosen.has(id)
  // In the order of the inputs that links lead to, so that the new node's ports read like those inside of it.
  const coming = nodes.flatMap((node) => node.inputs.flatMap(({ link }) => graph.links.get(link ?? '') ?? []))
  const incoming = coming.filter((link) => !held(link.origin))
  const outgoing = [...graph.links.values()].filter((link) => held(link.origin) && !held(link.target))
  const innerLinks = new Map([...graph.links].filter(([, link]) => held(link.origin) && held(link.target)))
  const [entry, exit] = ['-10', '-20']
  const inputs = borders(incoming, newId, (link) => nameOfInput(graph.nodes, link))
  const outputs = borders(
    outgoing,
    newId,
    (link) => nodeOf(graph, link.origin).outputs[link.originSlot]?.name || link.type,
  )
  const inner = new Map(nodes.map((node) => [node.id, onlyInner(node, innerLinks)]))
  const wires = new Map([...innerLinks].map(([id, link]) => [id, { ...link, raw: null }]))
  const wire = (link: Omit<Link, 'id' | 'reroute' | 'raw'>): LinkId => {
    const id = plan.newLinkId()
    wires.set(id, { ...link, id, reroute: null, raw: null })
    return id
  }
  const shownInputs = inputs.map(
    ({ border, links }, slot): Border => ({
      ...border,
      links: links.map((link) => {
        const id = wire({ ...link, origin: entry, originSlot: slot })
        const target = required(inner.get(link.target), `node ${link.target}`)
        const slots = target.inputs.map((one, at) => (at === link.targetSlot ? { ...one, link: id } : one))
        inner.set(target.id, { ...target, inputs: slots })
        return id
      }),
    }),
  )
  const shownOutputs = outputs.map(({ border, links }, slot): Border => {
    const [link] = links
    if (link === undefined) return border
    const id = wire({ ...link, target: exit, targetSlot: slot })
    const origin = required(inner.get(link.origin), `node ${link.origin}`)
    const slots = origin.outputs.map((one, at) =>
      at === link.originSlot ? { ...one, links: [...one.links, id] } : one,
    )
    inner.set(origin.id, { ...origin, outputs: slots })
    return { ...border, links: [id] }
  })
  const subgraph: Subgraph = {
    id: newId(),
    name,
    nodes: inner,
    links: wires,
    groups: new Map(),
    reroutes: reroutesOf(graph.reroutes, new Set(innerLinks.keys())),
    strays: new Map(),
    raw: EMPTY,
    inputs: shownInputs,
    outputs: shownOutputs,
    entry: { id: entry, box: { ...GATE, x: around.x - GATE.gap - GATE.width, y: around.y }, raw: EMPTY },
    exit: { id: exit, box: { ...GATE, x: around.x + around.width + GATE.gap, y: around.y }, raw: EMPTY },
    holder: ROOT,
  }
  const instance = plan.newNodeId()
  plan.op({ op: 'subgraph', id: subgraph.id, value: subgraph })
  const withIt = {
    ...scene,
    document: apply(scene.document, [{ op: 'subgraph', id: subgraph.id, value: subgraph }]).document,
  }
  const pos = { x: around.x, y: around.y + 30 }
  for (const id of chosen) plan.drop(id)
  plan.put(newNode(withIt, instance, subgraph.id, pos))
  inputs.forEach(({ links: [link] }, slot) => {
    if (link !== undefined)
      plan.connect({ node: link.origin, slot: link.originSlot }, { node: instance, slot })
  })
  outputs.forEach(({ links }, slot) => {
    for (const link of links)
      plan.connect({ node: instance, slot }, { node: link.target, slot: link.targetSlot })
  })
  const ops = withRenamed(scene, plan, (steps) => (held(steps[0] ?? '') ? [instance, ...steps] : null))
  return { ops, instance, subgraph: subgraph.id }
}

interface Bundle {
  readonly border: Border
  readonly links: readonly Link[]
}

/** Bundles links by their origin: each becomes one input, or output, of the subgraph. */
function borders(links: readonly Link[], newId: NewId, nameOf: (link: Link) => string): readonly Bundle[] {
  const found = new Map<string, Link[]>()
  for (const link of links) {
    const key = `${link.origin}\n${link.originSlot}`
    found.set(key, [...(found.get(key) ?? []), link])
  }
  const taken = new Set<string>()
  return [...found.values()].map((bundle) => {
    const [first] = bundle
    const name = uniqueName(first === undefined ? '' : nameOf(first), taken)
    const border: Border = { id: newId(), name, type: first?.type ?? '*', label: null, links: [], raw: EMPTY }
    return { border, links: bundle }
  })
}

export function uniqueName(wanted: string, taken: Set<string>): string {
  let found = wanted
  for (let number = 1; taken.has(found); number += 1) found = `${wanted}_${number}`
  taken.add(found)
  return found
}

function nameOfInput(nodes: ReadonlyMap<NodeId, GraphNode>, link: Link): string {
  return nodes.get(link.target)?.inputs[link.targetSlot]?.name || link.type
}

function onlyInner(node: GraphNode, links: ReadonlyMap<LinkId, Link>): GraphNode {
  return {
    ...node,
    inputs: node.inputs.map((slot) => (links.has(slot.link ?? '') ? slot : { ...slot, link: null })),
    outputs: node.outputs.map((slot) => ({ ...slot, links: slot.links.filter((id) => links.has(id)) })),
  }
}

/** Takes an instance apart: its inner nodes stand in its place, with the values that it had for them. */
export function unpack(scene: Scene, instance: NodeId): readonly Op[] {
  const plan = new Plan(scene)
  const { document, definitions } = scene
  const outer = plan.node(instance)
  const subgraph = required(document.subgraphs.get(outer.type), `subgraph ${outer.type}`)
  const valued = withInstanceValues(document, definitions, outer, subgraph)
  const around = boxAround([...valued.nodes.values()].map(boxOf))
  const by = { x: outer.pos.x - (around?.x ?? 0), y: outer.pos.y - (around?.y ?? 0) - 30 }
  const sources = new Map<number, End>()
  subgraph.inputs.forEach(({ name }, number) => {
    const slot = outer.inputs.find((one) => one.name === name) ?? outer.inputs[number]
    const link = plan.link(slot?.link)
    if (link !== undefined) sources.set(number, { node: link.origin, slot: link.originSlot })
  })
  const leaving = plan.links().filter((link) => link.origin === instance)
  plan.drop(instance)
  const ids = new Map<NodeId, NodeId>()
  for (const node of valued.nodes.values()) {
    const id = plan.newNodeId()
    ids.set(node.id, id)
    const pos = { x: node.pos.x + by.x, y: node.pos.y + by.y }
    plan.put({ ...onlyInner(node, new Map()), id, pos })
  }
  const points = new Map([...subgraph.reroutes.keys()].map((id) => [id, plan.newRerouteId()]))
  const pointOf = (id: string | null) => points.get(id ?? '') ?? null
  for (const point of subgraph.reroutes.values()) {
    const [id, parent] = [pointOf(point.id) ?? '', pointOf(point.parent)]
    plan.putReroute({ ...point, id, parent, pos: moved(point.pos, by), links: [] })
  }
  const ends = new Map<number, End>()
  for (const link of subgraph.links.values()) {
    const origin =
      link.origin === subgraph.entry.id
        ? sources.get(link.originSlot)
        : endOf(ids, link.origin, link.originSlot)
    if (origin === undefined) continue
    if (link.target === subgraph.exit.id) ends.set(link.targetSlot, origin)
    else {
      const target = endOf(ids, link.target, link.targetSlot)
      const used = subgraph.nodes.get(link.target)?.inputs[link.targetSlot]?.link === link.id
      if (target !== undefined && used) plan.connect(origin, target, undefined, pointOf(link.reroute))
    }
  }
  for (const link of leaving) {
    const origin = ends.get(link.originSlot)
    if (origin !== undefined) plan.connect(origin, { node: link.target, slot: link.targetSlot })
  }
  for (const id of points.values()) if (plan.reroute(id)?.links.length === 0) plan.dropReroute(id)
  if (instancesOf(document, subgraph.id).length === 1)
    plan.op({ op: 'subgraph', id: subgraph.id, value: null })
  return withRenamed(scene, plan, ([first, inner = '', ...rest]) => {
    const now = first === instance ? ids.get(inner) : undefined
    return now === undefined ? null : [now, ...rest]
  })
}

/** What is exposed follows its nodes to their new ids. */
function withRenamed(
  { document, graph }: Scene,
  plan: Plan,
  rename: Parameters<typeof renamed>[2],
): readonly Op[] {
  const ops = plan.ops()
  const { lastNodeId, lastLinkId } = apply(document, ops).document
  return [...ops, ...renamed({ ...document, lastNodeId, lastLinkId }, graph, rename)]
}

function endOf(ids: ReadonlyMap<NodeId, NodeId>, id: NodeId, slot: number): End | undefined {
  const node = ids.get(id)
  return node === undefined ? undefined : { node, slot }
}

/** Returns a subgraph whose inner nodes hold what an instance holds for them. */
function withInstanceValues(
  document: Document,
  definitions: Scene['definitions'],
  outer: GraphNode,
  subgraph: Subgraph,
): Subgraph {
  const nodes = new Map(subgraph.nodes)
  const entries = entriesOf(subgraph)
  for (const [field, value] of storedValues(fieldsOf(document, definitions, outer), outer)) {
    if (field.kind !== 'value' || field.holder === null) continue
    const number = subgraph.inputs.findIndex((one) => one.name === field.name)
    const [entry, input] = entries.get(number) ?? []
    const [id, name] = field.holder === OWN ? [entry?.id, input] : [field.holder, field.name]
    const inner = nodes.get(id ?? '')
    if (inner === undefined || name === undefined) continue
    const found = fieldsOf(document, definitions, inner).find(
      (one) => one.kind === 'value' && one.name === name,
    )
    if (found !== undefined) nodes.set(inner.id, withValue(document, definitions, inner, found, value))
  }
  return { ...subgraph, nodes }
}

/** Returns where a subgraph is used, as [graph, node]. */
export function instancesOf(document: Document, subgraph: GraphId): readonly (readonly [GraphId, NodeId])[] {
  const graphs = [[ROOT, document.root] as const, ...document.subgraphs]
  return graphs.flatMap(([id, graph]) =>
    [...graph.nodes.values()].filter((node) => node.type === subgraph).map((node) => [id, node.id] as const),
  )
}

/** Shows a field of an inner node on all instances of the subgraph that is being edited. */
export function exposeField(scene: Scene, node: NodeId, field: string, newId: NewId): readonly Op[] {
  const { document, definitions, graph } = scene
  const subgraph = required(document.subgraphs.get(graph), `subgraph ${graph}`)
  const plan = new Plan(scene)
  const slot = ensureInput(plan, node, field)
  const type = plan.node(node).inputs[slot]?.type ?? '*'
  const name = uniqueName(field, new Set(subgraph.inputs.map((one) => one.name)))
  const border: Border = { id: newId(), name, type, label: null, links: [], raw: EMPTY }
  plan.border({ inputs: [...subgraph.inputs, border] })
  plan.connect({ node: subgraph.entry.id, slot: subgraph.inputs.length }, { node, slot }, type)
  const inner = nodeOf(subgraph, node)
  const place = fieldsOf(document, definitions, inner).find(
    (one) => one.kind === 'value' && one.name === field,
  )
  const stored = storedValues(fieldsOf(document, definitions, inner), inner)
  const value: Json = (place && (stored.get(place) ?? place.input?.initial)) ?? null
  const shown: InputSlot = { name, type, link: null, widget: name, label: null, raw: EMPTY }
  const before = instancesOf(document, graph)
  const after = apply(document, plan.ops()).document
  const instances = before.flatMap(([where, id]): Op[] => {
    const instance = nodeOf(graphOf(after, where), id)
    return [{ op: 'node', graph: where, id, value: withShown(instance, shown, value) }]
  })
  return [...plan.ops(), ...instances]
}

function withShown(instance: GraphNode, shown: InputSlot, value: Json): GraphNode {
  const proxies = proxiesOf(instance)
  const listed =
    proxies.length > 0
      ? [...proxies, [OWN, shown.name] as const].map(([holder, name]): Json => [holder, name])
      : null
  const properties =
    listed === null ? instance.properties : withKeys(instance.properties, { proxyWidgets: listed })
  const { values } = instance
  const held = isObject(values) ? withKeys(values, { [shown.name]: value }) : [...values, value]
  return { ...instance, properties, values: held, inputs: [...instance.inputs, shown] }
}

/** No longer shows an input or output of the subgraph that is being edited; its links go, on all instances too. */
export function hideInput(scene: Scene, name: string): readonly Op[] {
  const { document, definitions, graph } = scene
  const subgraph = required(document.subgraphs.get(graph), `subgraph ${graph}`)
  const number = subgraph.inputs.findIndex((one) => one.name === name)
  const plan = new Plan(scene)
  for (const id of subgraph.inputs[number]?.links ?? []) plan.disconnect(id)
  for (const link of plan.links()) {
    if (link.origin !== subgraph.entry.id || link.originSlot <= number) continue
    plan.op({ op: 'link', graph, id: link.id, value: { ...link, originSlot: link.originSlot - 1 } })
  }
  const inputs = subgraph.inputs.filter((one) => one.name !== name)
  plan.border({ inputs })
  const ops: Op[] = [...plan.ops()]
  for (const [where, id] of instancesOf(document, graph)) {
    const outer = new Plan({ document, definitions, graph: where })
    const instance = outer.node(id)
    const at = instance.inputs.findIndex((one) => one.name === name)
    const link = instance.inputs[at]?.link
    if (link != null) outer.disconnect(link)
    const fields = fieldsOf(document, definitions, instance)
    const kept = fields.filter((one) => one.holder !== OWN || one.name !== name)
    const stored = storedValues(fields, instance)
    const values = isObject(instance.values)
      ? withKeys(instance.values, { [name]: undefined })
      : kept.map((one): Json => stored.get(one) ?? (one.name === AFTER ? 'fixed' : null))
    const proxies = proxiesOf(instance).filter(([holder, field]) => holder !== OWN || field !== name)
    const listed = proxies.map(([holder, field]): Json => [holder, field])
    const properties = instance.properties.has('proxyWidgets')
      ? withKeys(instance.properties, { proxyWidgets: listed })
      : instance.properties
    outer.put({
      ...outer.node(id),
      inputs: outer.node(id).inputs.toSpliced(at, at < 0 ? 0 : 1),
      values,
      properties,
    })
    for (const one of outer.links()) {
      if (one.target !== id || one.targetSlot <= at || at < 0) continue
      outer.op({ op: 'link', graph: where, id: one.id, value: { ...one, targetSlot: one.targetSlot - 1 } })
    }
    ops.push(...outer.ops())
  }
  return ops
}

/** Gives a subgraph another name. */
export function renameSubgraph(document: Document, id: GraphId, name: string): readonly Op[] {
  const { inputs, outputs, entry, exit } = required(document.subgraphs.get(id), `subgraph ${id}`)
  return [{ op: 'border', id, value: { name, inputs, outputs, entry, exit } }]
}
