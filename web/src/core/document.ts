/** The document of the editor: an immutable value. Nothing here knows how it is drawn, or how files look. */

import type { Json, JsonObject } from './json'
import { EMPTY } from './json'

/** Ids are text: 5 and "5" in a file are one. */
export type NodeId = string
export type LinkId = string
export type GroupId = string
export type RerouteId = string

/** The id of a subgraph's definition; ROOT for the document's own graph. */
export type GraphId = string
export const ROOT: GraphId = ''

export interface Point {
  readonly x: number
  readonly y: number
}

export interface Size {
  readonly width: number
  readonly height: number
}

export interface Box extends Point, Size {}

/** What becomes of a node in a run; 1 and 3 are found in old files and run. */
export const MODE = { always: 0, muted: 2, bypassed: 4 } as const

/** An input; `widget` names the field it stands for. `link` is what it gets; `raw` what else its file said. */
export interface InputSlot {
  readonly name: string
  readonly type: string
  readonly link: LinkId | null
  readonly widget: string | null
  readonly label: string | null
  readonly raw: JsonObject
}

export interface OutputSlot {
  readonly name: string
  readonly type: string
  readonly links: readonly LinkId[]
  readonly label: string | null
  readonly raw: JsonObject
}

/**
 * What the fields of a node hold: in their order as files have it (with the words behind seeds), or by name.
 * `core/widgets.ts` reads and changes it by name.
 */
export type Values = readonly Json[] | JsonObject

/** A node; `title` is null where it is the type's own. `type` is that of a subgraph's instance: its id. */
export interface GraphNode {
  readonly id: NodeId
  readonly type: string
  readonly title: string | null
  readonly pos: Point
  readonly size: Size
  readonly mode: number
  readonly collapsed: boolean
  readonly pinned: boolean
  readonly color: string | null
  readonly bgcolor: string | null
  readonly inputs: readonly InputSlot[]
  readonly outputs: readonly OutputSlot[]
  readonly values: Values
  readonly properties: JsonObject
  readonly raw: JsonObject
}

/** From an output to an input. In a subgraph, `origin` may be its entry and `target` its exit. */
export interface Link {
  readonly id: LinkId
  readonly origin: NodeId
  readonly originSlot: number
  readonly target: NodeId
  readonly targetSlot: number
  readonly type: string
  readonly reroute: RerouteId | null
  readonly raw: Json
}

/** A point that a link is led through; `parent` is the one before it. */
export interface Reroute {
  readonly id: RerouteId
  readonly pos: Point
  readonly parent: RerouteId | null
  readonly links: readonly LinkId[]
  readonly raw: JsonObject
}

/** A frame around nodes. What lies in it is told by where it lies (`nodesInGroup`). */
export interface Group {
  readonly id: GroupId
  readonly title: string
  readonly box: Box
  readonly color: string | null
  readonly pinned: boolean
  readonly raw: JsonObject
}

/** Nodes that lie side by side, in the order of their file. `strays` are entries of its links that lead nowhere. */
export interface Graph {
  readonly nodes: ReadonlyMap<NodeId, GraphNode>
  readonly links: ReadonlyMap<LinkId, Link>
  readonly groups: ReadonlyMap<GroupId, Group>
  readonly reroutes: ReadonlyMap<RerouteId, Reroute>
  readonly strays: ReadonlyMap<number, Json>
  readonly raw: JsonObject
}

/** An input or output of a subgraph, in its own order; `id` is a UUID. */
export interface Border {
  readonly id: string
  readonly name: string
  readonly type: string
  readonly label: string | null
  readonly links: readonly LinkId[]
  readonly raw: JsonObject
}

/** The node that stands for a subgraph's inputs, or outputs, inside of it. */
export interface Gate {
  readonly id: NodeId
  readonly box: Box
  readonly raw: JsonObject
}

/** What is inside of a subgraph. `holder` is the graph whose file entry defines it. */
export interface Subgraph extends Graph {
  readonly id: GraphId
  readonly name: string
  readonly inputs: readonly Border[]
  readonly outputs: readonly Border[]
  readonly entry: Gate
  readonly exit: Gate
  readonly holder: GraphId
}

/** Where one looks: the offset in graph points, and the scale (1 is one point per pixel). */
export interface View {
  readonly x: number
  readonly y: number
  readonly scale: number
}

/** A whole workflow. `version` is that of the file form it is saved in; `extra` is what editors keep beside. */
export interface Document {
  readonly version: '0.4' | '1.0'
  readonly root: Graph
  readonly subgraphs: ReadonlyMap<GraphId, Subgraph>
  readonly extra: JsonObject
  readonly lastNodeId: number
  readonly lastLinkId: number
}

export const EMPTY_GRAPH: Graph = {
  nodes: new Map(),
  links: new Map(),
  groups: new Map(),
  reroutes: new Map(),
  strays: new Map(),
  raw: EMPTY,
}

export const EMPTY_DOCUMENT: Document = {
  version: '0.4',
  root: EMPTY_GRAPH,
  subgraphs: new Map(),
  extra: EMPTY,
  lastNodeId: 0,
  lastLinkId: 0,
}

/** Returns a graph of the document; raises for one that it does not have. */
export function graphOf(document: Document, id: GraphId): Graph {
  if (id === ROOT) return document.root
  return required(document.subgraphs.get(id), `subgraph ${id}`)
}

/** Returns a node; raises for one that is not there. */
export function nodeOf(graph: Graph, id: NodeId): GraphNode {
  return required(graph.nodes.get(id), `node ${id}`)
}

export function required<T>(found: T | undefined, what: string): T {
  if (found === undefined) throw new Error(`the document has no ${what}`)
  return found
}

/** Returns the subgraph that a node is an instance of, if it is one. */
export function subgraphOf(document: Document, node: GraphNode): Subgraph | undefined {
  return document.subgraphs.get(node.type)
}

/** Tells whether the node runs, if it is one that can. */
export function isLive(node: GraphNode): boolean {
  return node.mode !== MODE.muted && node.mode !== MODE.bypassed
}
