/** Which ports a link may lead to: while it is dragged, and when it is dropped. */

import type { Connection, ConnectionState } from '@xyflow/react'
import { connect, connectToField, reaches, refusal } from '../../core/commands/links'
import type { End, Scene } from '../../core/commands/plan'
import { graphOf } from '../../core/document'
import { inputOf } from '../../core/fields'
import type { Op } from '../../core/operations'
import { compatible } from '../../core/types'
import type { NodeData } from './flow'
import { handlesOf, portOf } from './geometry'

/** Returns the side and type of the port that a link is dragged from, as one text; "" when none is. */
export function dragging(connection: ConnectionState): string {
  if (!connection.inProgress) return ''
  const data = connection.fromNode.data as NodeData
  const places = connection.fromHandle.type === 'source' ? data.layout.outputs : handlesOf(data.layout)
  const type = places.find((place) => place.handle === connection.fromHandle.id)?.type ?? '*'
  return `${connection.fromHandle.type === 'source' ? 'output' : 'input'} ${type}`
}

/** Tells whether a link that is dragged from there may end at a port of this side and type. */
export function fits(from: string, side: 'input' | 'output', type: string): boolean {
  const at = from.indexOf(' ')
  return from.slice(0, at) !== side && compatible(from.slice(at + 1), type)
}

/** A link that was drawn: from an output, to an input or to a field that has none yet. */
export interface Drawn {
  readonly from: End
  readonly to: End
  /** The name of the field; null where there is an input. */
  readonly field: string | null
}

/** Returns the link that was drawn between two handles; null where one of them is no such port. */
export function drawnOf(link: Connection): Drawn | null {
  const [from, to] = [portOf(link.sourceHandle), portOf(link.targetHandle)]
  if (from?.side !== 'output' || to === null || to.side === 'output') return null
  const field = to.side === 'field' ? to.name : null
  return { from: { node: link.source, slot: from.slot }, to: { node: link.target, slot: to.slot }, field }
}

/** Tells whether a link may be: its types go together, and it leads into no circle. */
export function mayConnect(scene: Scene, link: Connection): boolean {
  const drawn = drawnOf(link)
  if (drawn === null) return false
  const { from, to, field } = drawn
  if (field === null) return refusal(scene, from, to) === null
  const graph = graphOf(scene.document, scene.graph)
  const [origin, target] = [graph.nodes.get(from.node), graph.nodes.get(to.node)]
  if (origin === undefined || target === undefined || origin === target) return false
  const type = inputOf(scene.document, scene.definitions, target, field)?.type
  const given = origin.outputs[from.slot]?.type
  const fit = type !== undefined && given !== undefined && compatible(given, type)
  return fit && !reaches(scene, to.node, from.node)
}

/** Makes the link. */
export function connectDrawn(scene: Scene, { from, to, field }: Drawn): readonly Op[] {
  return field === null ? connect(scene, from, to) : connectToField(scene, from, to.node, field)
}
