/** What a command is putting together: a graph as it will be, with both ends of every link kept in step. */

import type { Definitions } from '../definitions'
import type {
  Document,
  Graph,
  GraphId,
  GraphNode,
  Group,
  Link,
  LinkId,
  NodeId,
  Reroute,
  RerouteId,
  Subgraph,
} from '../document'
import { graphOf, nodeOf, ROOT, required } from '../document'
import type { Op } from '../operations'

/** Where a command acts: a graph of a document, with the types that the server knows. */
export interface Scene {
  readonly document: Document
  readonly definitions: Definitions
  readonly graph: GraphId
}

/** One end of a link: an output, or an input, by the node and its number. */
export interface End {
  readonly node: NodeId
  readonly slot: number
}

/** Collects operations on one graph. It lives as long as the command that makes it, and is never shared. */
export class Plan {
  readonly scene: Scene
  #ops: Op[] = []
  #nodes = new Map<NodeId, GraphNode | null>()
  #links = new Map<LinkId, Link | null>()
  #reroutes = new Map<RerouteId, Reroute | null>()
  #border: Subgraph | undefined
  #lastNode: number
  #lastLink: number
  #lastReroute: number

  constructor(scene: Scene) {
    const { document, graph } = scene
    this.scene = scene
    this.#border = graph === ROOT ? undefined : required(document.subgraphs.get(graph), `subgraph ${graph}`)
    const graphs = [document.root, ...document.subgraphs.values()]
    this.#lastNode = Math.max(document.lastNodeId, ...graphs.map((one) => highest(one.nodes)))
    this.#lastLink = Math.max(document.lastLinkId, ...graphs.map((one) => highest(one.links)))
    this.#lastReroute = Math.max(0, ...graphs.map((one) => highest(one.reroutes)))
  }

  get graph(): Graph {
    return graphOf(this.scene.document, this.scene.graph)
  }

  find(id: NodeId): GraphNode | undefined {
    const changed = this.#nodes.get(id)
    return changed === null ? undefined : (changed ?? this.graph.nodes.get(id))
  }

  node(id: NodeId): GraphNode {
    return required(this.find(id), `node ${id}`)
  }

  link(id: LinkId | null | undefined): Link | undefined {
    if (id == null) return undefined
    const changed = this.#links.get(id)
    return changed === null ? undefined : (changed ?? this.graph.links.get(id))
  }

  reroute(id: RerouteId | null): Reroute | undefined {
    if (id === null) return undefined
    const changed = this.#reroutes.get(id)
    return changed === null ? undefined : (changed ?? this.graph.reroutes.get(id))
  }

  /** All links as they will be. */
  links(): readonly Link[] {
    const ids = new Set([...this.graph.links.keys(), ...this.#links.keys()])
    return [...ids].flatMap((id) => this.link(id) ?? [])
  }

  newNodeId(): NodeId {
    this.#lastNode += 1
    return String(this.#lastNode)
  }

  newLinkId(): LinkId {
    this.#lastLink += 1
    return String(this.#lastLink)
  }

  newRerouteId(): RerouteId {
    this.#lastReroute += 1
    return String(this.#lastReroute)
  }

  /** Adds a node, or puts it in the place of the one with its id. */
  put(node: GraphNode): void {
    this.#nodes.set(node.id, node)
    this.#ops.push({ op: 'node', graph: this.scene.graph, id: node.id, value: node })
  }

  /** Removes a node with its links. */
  drop(id: NodeId): void {
    for (const link of this.links()) if (link.origin === id || link.target === id) this.disconnect(link.id)
    this.#nodes.set(id, null)
    this.#ops.push({ op: 'node', graph: this.scene.graph, id, value: null })
  }

  /** Adds a point that links are led through, or puts it in the place of the one with its id. */
  putReroute(point: Reroute): void {
    this.#reroutes.set(point.id, point)
    this.#ops.push({ op: 'reroute', graph: this.scene.graph, id: point.id, value: point })
  }

  dropReroute(id: RerouteId): void {
    this.#reroutes.set(id, null)
    this.#ops.push({ op: 'reroute', graph: this.scene.graph, id, value: null })
  }

  group(group: Group): void {
    this.#ops.push({ op: 'group', graph: this.scene.graph, id: group.id, value: group })
  }

  op(op: Op): void {
    this.#ops.push(op)
  }

  /** Links an output to an input, in the place of the link that the input has; `via` is the point it passes last. */
  connect(from: End, to: End, type = this.typeAt(from), via: RerouteId | null = null): LinkId {
    const before = this.find(to.node)?.inputs[to.slot]?.link
    const id = this.newLinkId()
    // First: the points that the link before has passed stay for this one.
    for (const point of this.#passed(via)) this.putReroute({ ...point, links: [...point.links, id] })
    if (before != null) this.disconnect(before)
    const ends = { origin: from.node, originSlot: from.slot, target: to.node, targetSlot: to.slot }
    this.#put({ id, ...ends, type, reroute: via, raw: null })
    this.#attach(from, to, id)
    return id
  }

  disconnect(id: LinkId): void {
    const link = this.link(id)
    if (link === undefined) return
    const origin = this.find(link.origin)
    if (origin !== undefined) this.put({ ...origin, outputs: without(origin.outputs, id) })
    else if (this.#border !== undefined && link.origin === this.#border.entry.id) {
      this.border({ inputs: without(this.#border.inputs, id) })
    }
    const target = this.find(link.target)
    if (target !== undefined) {
      const inputs = target.inputs.map((slot) => (slot.link === id ? { ...slot, link: null } : slot))
      this.put({ ...target, inputs })
    } else if (this.#border !== undefined && link.target === this.#border.exit.id) {
      this.border({ outputs: without(this.#border.outputs, id) })
    }
    this.#links.set(id, null)
    this.#ops.push({ op: 'link', graph: this.scene.graph, id, value: null })
    this.#leaveReroutes(link)
  }

  /** Changes what the subgraph that is being edited shows outside. */
  border(change: Partial<Subgraph>): void {
    if (this.#border === undefined) return
    this.#border = { ...this.#border, ...change }
    const { id, name, inputs, outputs, entry, exit } = this.#border
    this.#ops.push({ op: 'border', id, value: { name, inputs, outputs, entry, exit } })
  }

  /** Returns the type of an output, or of what comes from outside of a subgraph. */
  typeAt(from: End): string {
    if (from.node === this.#border?.entry.id) return this.#border.inputs[from.slot]?.type ?? '*'
    return this.find(from.node)?.outputs[from.slot]?.type ?? '*'
  }

  /** Returns the operations, with the last ids that were given. */
  ops(): readonly Op[] {
    const { document } = this.scene
    const [node, link] = [this.#lastNode, this.#lastLink]
    const given = [...this.#nodes.values(), ...this.#links.values()].length > 0
    const higher = node > document.lastNodeId || link > document.lastLinkId
    if (!given || !higher || !this.#hasNew()) return squeezed(this.#ops)
    const value = { extra: document.extra, lastNodeId: node, lastLinkId: link }
    return [...squeezed(this.#ops), { op: 'document', value }]
  }

  #hasNew(): boolean {
    const { nodes, links } = this.graph
    return (
      [...this.#nodes].some(([id, one]) => one !== null && !nodes.has(id)) ||
      [...this.#links].some(([id, one]) => one !== null && !links.has(id))
    )
  }

  #put(link: Link): void {
    this.#links.set(link.id, link)
    this.#ops.push({ op: 'link', graph: this.scene.graph, id: link.id, value: link })
  }

  #attach(from: End, to: End, id: LinkId): void {
    const origin = this.find(from.node)
    if (origin !== undefined) this.put({ ...origin, outputs: withLink(origin.outputs, from.slot, id) })
    else if (this.#border !== undefined) this.border({ inputs: withLink(this.#border.inputs, from.slot, id) })
    const target = this.find(to.node)
    if (target !== undefined) {
      this.put({
        ...target,
        inputs: target.inputs.map((one, at) => (at === to.slot ? { ...one, link: id } : one)),
      })
    } else if (this.#border !== undefined)
      this.border({ outputs: withLink(this.#border.outputs, to.slot, id) })
  }

  /** A point that no link passes any more goes with the last one. */
  #leaveReroutes(link: Link): void {
    for (const point of this.#passed(link.reroute)) {
      const links = point.links.filter((one) => one !== link.id)
      if (links.length > 0) this.putReroute({ ...point, links })
      else this.dropReroute(point.id)
    }
  }

  /** Returns the points of a way, the last first. */
  #passed(last: RerouteId | null): readonly Reroute[] {
    const found = new Map<RerouteId, Reroute>()
    let point = this.reroute(last)
    while (point !== undefined && !found.has(point.id)) {
      found.set(point.id, point)
      point = this.reroute(point.parent)
    }
    return [...found.values()]
  }
}

function without<T extends { readonly links: readonly LinkId[] }>(
  slots: readonly T[],
  id: LinkId,
): readonly T[] {
  return slots.map((one) =>
    one.links.includes(id) ? { ...one, links: one.links.filter((each) => each !== id) } : one,
  )
}

function withLink<T extends { readonly links: readonly LinkId[] }>(
  slots: readonly T[],
  slot: number,
  id: LinkId,
): readonly T[] {
  return slots.map((one, at) => (at === slot ? { ...one, links: [...one.links, id] } : one))
}

/** Of replacements of one thing that follow on each other only the last is kept. */
function squeezed(ops: readonly Op[]): readonly Op[] {
  const found: Op[] = []
  for (const op of ops) {
    const last = found.at(-1)
    if (last?.op === 'node' && op.op === 'node' && last.id === op.id && op.value !== null) found.pop()
    found.push(op)
  }
  return found
}

function highest(entries: ReadonlyMap<string, unknown>): number {
  let found = 0
  for (const id of entries.keys()) {
    const number = Number(id)
    if (Number.isSafeInteger(number) && number > found) found = number
  }
  return found
}

/** Returns operations that put changed nodes in their place; those that are the same are left out. */
export function changeNodes(
  { document, graph }: Scene,
  ids: Iterable<NodeId>,
  change: (node: GraphNode) => GraphNode,
): readonly Op[] {
  const held = graphOf(document, graph)
  return [...ids].flatMap((id): Op[] => {
    const before = nodeOf(held, id)
    const value = change(before)
    return value === before ? [] : [{ op: 'node', graph, id, value }]
  })
}
