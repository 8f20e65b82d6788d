/** Which ports a link may lead to: while it is dragged, and when it is dropped. */

import type { Connection, ConnectionState, Handle, HandleType } from '@xyflow/react'
import { exposeInput, exposeOutput } from '../../core/commands/borders'
import { connect, connectToField, reaches, refusal } from '../../core/commands/links'
import type { End, Scene } from '../../core/commands/plan'
import { linkThrough } from '../../core/commands/reroutes'
import type { NewId } from '../../core/commands/subgraphs'
import { graphOf, type NodeId, type RerouteId, ROOT } from '../../core/document'
import { inputOf } from '../../core/fields'
import type { Op } from '../../core/operations'
import { compatible } from '../../core/types'
import type { PortFrom } from '../../state/app'
import { NEW_SLOT, portOf } from './geometry'
import { namedBy } from './kinds'

/** Tells whether a link that is dragged from there may end at a port of this side and type. */
export function fits(from: string, side: 'input' | 'output', type: string): boolean {
  const at = from.indexOf(' ')
  return from.slice(0, at) !== side && compatible(from.slice(at + 1), type)
}

/** Returns the side and type of a port as one text, as `fits` takes it. */
export const dragText = ({ side, type }: Pick<PortFrom, 'side' | 'type'>): string => `${side} ${type}`

/** Returns the port that a handle is, of a node or of a gate of the graph that is looked at. */
export function portAt(
  scene: Scene,
  node: NodeId,
  handle: string | null | undefined,
  type: HandleType,
): PortFrom | null {
  const port = portOf(handle)
  if (port === null) return null
  const side = type === 'source' ? 'output' : 'input'
  const named = namedBy(node)
  if (named.kind === 'reroute') return branchAt(scene, named.id)
  const end = { node, slot: port.slot }
  if (port.side === 'field') {
    const found = graphOf(scene.document, scene.graph).nodes.get(node)
    const input = found && inputOf(scene.document, scene.definitions, found, port.name)
    return { side, type: input?.type ?? '*', end, field: port.name }
  }
  return { side, type: typeOf(scene, side, end), end, field: null }
}

/** Returns a point of links as the output that they begin at. */
function branchAt({ document, graph }: Scene, via: RerouteId): PortFrom | null {
  const link = linkThrough(graphOf(document, graph), via)
  if (link === undefined) return null
  const end = { node: link.origin, slot: link.originSlot }
  return { side: 'output', type: link.type, end, field: null, via }
}

function typeOf({ document, graph }: Scene, side: 'input' | 'output', { node, slot }: End): string {
  const found = graphOf(document, graph).nodes.get(node)
  const subgraph = graph === ROOT ? undefined : document.subgraphs.get(graph)
  const slots =
    side === 'output'
      ? (found?.outputs ?? (node === subgraph?.entry.id ? subgraph.inputs : []))
      : (found?.inputs ?? (node === subgraph?.exit.id ? subgraph.outputs : []))
  return slots[slot]?.type ?? '*'
}

/** Returns the port that a link is dragged from, as one text; "" when none is. */
export function dragging(scene: Scene, connection: ConnectionState): string {
  if (!connection.inProgress) return ''
  const { nodeId, id, type } = connection.fromHandle as Handle
  const from = portAt(scene, nodeId, id, type)
  return from === null ? '' : dragText(from)
}

/** A link that was drawn: from an output, to an input or to a field that has none yet. */
export interface Drawn {
  readonly from: End
  readonly to: End
  /** The name of the field; null where there is an input. */
  readonly field: string | null
  /** The point of a link that it branches off at; null for none. */
  readonly via: RerouteId | null
}

/** Returns the link that was drawn between two handles; null where one of them is no such port. */
export function drawnOf(scene: Scene, link: Connection): Drawn | null {
  const from = portAt(scene, link.source, link.sourceHandle, 'source')
  const to = portAt(scene, link.target, link.targetHandle, 'target')
  return from === null || to === null ? null : between(from, to)
}

/** Returns the link between two ports; null where both are of one side. */
export function between(one: PortFrom, other: PortFrom): Drawn | null {
  if (one.side === other.side) return null
  const [from, to] = one.side === 'output' ? [one, other] : [other, one]
  return { from: from.end, to: to.end, field: to.field, via: from.via ?? null }
}

/** Tells whether a link may be: its types go together, and it leads into no circle. */
export function mayLink(scene: Scene, { from, to, field }: Drawn): boolean {
  const graph = graphOf(scene.document, scene.graph)
  const [origin, target] = [graph.nodes.get(from.node), graph.nodes.get(to.node)]
  if (from.slot === NEW_SLOT) return target !== undefined
  if (to.slot === NEW_SLOT && field === null) return origin !== undefined
  if (field === null) return refusal(scene, from, to) === null
  if (target === undefined || origin === target) return false
  const type = inputOf(scene.document, scene.definitions, target, field)?.type
  const fit = type !== undefined && compatible(typeOf(scene, 'output', from), type)
  return fit && !reaches(scene, to.node, from.node)
}

export function mayConnect(scene: Scene, link: Connection): boolean {
  const drawn = drawnOf(scene, link)
  return drawn !== null && mayLink(scene, drawn)
}

/** Makes the link; at the free port of a gate, a new port of the subgraph with it. */
export function connectDrawn(scene: Scene, { from, to, field, via }: Drawn, newId: NewId): readonly Op[] {
  if (from.slot === NEW_SLOT) {
    const name = field ?? graphOf(scene.document, scene.graph).nodes.get(to.node)?.inputs[to.slot]?.name
    const slots = graphOf(scene.document, scene.graph).nodes.get(to.node)?.inputs ?? []
    const slot = field === null ? to.slot : slots.findIndex((one) => one.name === name)
    return exposeInput(scene, { node: to.node, slot }, newId)
  }
  if (to.slot === NEW_SLOT && field === null) return exposeOutput(scene, from, newId)
  return field === null ? connect(scene, from, to, via) : connectToField(scene, from, to.node, field, via)
}

/** Returns the port of a node that a dropped link means best: an input of just its type that is free, or any. */
export function bestPort(scene: Scene, from: PortFrom, node: string): PortFrom | null {
  const named = namedBy(node)
  if (named.kind === 'reroute') return from.side === 'input' ? branchAt(scene, named.id) : null
  const found = graphOf(scene.document, scene.graph).nodes.get(node)
  if (found === undefined || node === from.end.node) return null
  const side = from.side === 'output' ? 'input' : 'output'
  const ports = (side === 'input' ? found.inputs : found.outputs).map((one, slot) => ({
    port: { side, type: one.type, end: { node, slot }, field: null } satisfies PortFrom,
    rank:
      (one.type.toLowerCase() === from.type.toLowerCase() ? 0 : 4) +
      ('link' in one && one.link !== null ? 2 : 0) +
      ('widget' in one && one.widget !== null ? 1 : 0),
  }))
  const fit = ports.filter(({ port }) => {
    const drawn = between(from, port)
    return drawn !== null && mayLink(scene, drawn)
  })
  return fit.toSorted((one, other) => one.rank - other.rank)[0]?.port ?? null
}
