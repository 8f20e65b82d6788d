/** What lies on the canvas, as xyflow knows it: each kind has its data, and ids that tell it from the others. */

import type { Edge, Node } from '@xyflow/react'
import { MARKDOWN_NOTE, NOTE, REROUTE } from '../../core/definitions'
import type { Border, GraphNode, Group, Point, Reroute } from '../../core/document'
import type { NodeLayout } from './geometry'

/** How much of a node is drawn: all; its header and ports; of very many, a box on one picture (`Afar.tsx`). */
export type Level = 'near' | 'far' | 'boxes'

/** Zooms below which a node is a header with ports, and one of many a box. */
export const FAR = 0.4
export const BOXES = 0.2

/** How small and how large the graph can be shown. */
export const LEAST_ZOOM = 0.02
export const MOST_ZOOM = 3

export const boundedZoom = (scale: number): number => Math.min(MOST_ZOOM, Math.max(LEAST_ZOOM, scale))

export function levelOf(scale: number, crowd: boolean): Level {
  if (scale < BOXES && crowd) return 'boxes'
  return scale < FAR ? 'far' : 'near'
}

export interface NodeData extends Record<string, unknown> {
  readonly node: GraphNode
  readonly layout: NodeLayout
  readonly title: string
  /** Whether the server, or the document itself, knows the type. */
  readonly known: boolean
  /** Whether it is an instance of a subgraph. */
  readonly subgraph: boolean
  readonly level: Level
}

export interface GateData extends Record<string, unknown> {
  readonly side: 'entry' | 'exit'
  readonly title: string
  readonly borders: readonly Border[]
}

export interface GroupData extends Record<string, unknown> {
  readonly group: Group
}

export interface PointData extends Record<string, unknown> {
  readonly point: Reroute
  readonly type: string
}

export type CardNode = Node<NodeData, 'node' | 'note' | 'knot'>
export type GateNode = Node<GateData, 'gate'>
export type GroupNode = Node<GroupData, 'group'>
export type PointNode = Node<PointData, 'point'>
export type FlowNode = CardNode | GateNode | GroupNode | PointNode

export type FlowEdge = Edge<{ readonly colour: string; readonly points: readonly Point[] }, 'link'>

export function kindOf(node: GraphNode): 'node' | 'note' | 'knot' {
  if (node.type === REROUTE) return 'knot'
  return node.type === NOTE || node.type === MARKDOWN_NOTE ? 'note' : 'node'
}

const GROUP = 'group:'
const POINT = 'point:'

export const groupId = (id: string): string => GROUP + id
export const pointId = (id: string): string => POINT + id

/** Returns what an id of the view names. */
export function namedBy(id: string): { readonly kind: 'group' | 'reroute' | 'node'; readonly id: string } {
  if (id.startsWith(GROUP)) return { kind: 'group', id: id.slice(GROUP.length) }
  if (id.startsWith(POINT)) return { kind: 'reroute', id: id.slice(POINT.length) }
  return { kind: 'node', id }
}
