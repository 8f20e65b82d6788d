/** The graph as xyflow wants it. A node that did not change is the same object as before, so it is not drawn anew. */

import type { Places } from '../../core/commands/placing'
import { wayTo } from '../../core/commands/reroutes'
import type { Definitions } from '../../core/definitions'
import {
  type Document,
  type Graph,
  type GraphNode,
  type Link,
  type NodeId,
  type Point,
  subgraphOf,
} from '../../core/document'
import { shownValues, titleOf } from '../../core/widgets'
import type { Translate } from '../../i18n'
import type { Selection } from '../../state/tabs'
import { colourOf } from './colours'
import { bound, type FlowInput, PORT } from './flowInput'
import { framesOf } from './frames'
import { HEADER, handlesOf, inputHandle, knotLayout, layoutOf, outputHandle } from './geometry'
import { type CardNode, type FlowEdge, type FlowNode, kindOf, type Level } from './kinds'

/** What links are made from, besides the graph: which are chosen, and where points are that are being dragged. */
export interface LinkInput {
  readonly chosen: Selection['links']
  readonly reroutes: Places['reroutes']
  readonly t: Translate
}

/** Returns what makes nodes and remembers them; one for each canvas. */
export function createFlow(): {
  readonly nodes: (input: FlowInput) => FlowNode[]
  readonly edges: (graph: Pick<Graph, 'links' | 'reroutes'>, input: LinkInput) => FlowEdge[]
} {
  const drawn = new Map<NodeId, Drawn>()
  const edgesOf = new WeakMap<Link, DrawnLink>()
  const frames = framesOf()

  function node(input: FlowInput, one: GraphNode): CardNode {
    const before = drawn.get(one.id)
    const selected = input.selection.nodes.has(one.id)
    const at = input.moved.nodes.get(one.id) ?? one.pos
    const measured = input.measured.get(one.id)
    const fresh =
      before?.node === one &&
      before.definitions === input.definitions &&
      before.t === input.t &&
      (before.document === input.document || !looksElsewhere(input.document, one))
    const levelled = before?.level === input.level
    if (
      fresh &&
      levelled &&
      before.selected === selected &&
      before.at === at &&
      before.measured === measured
    ) {
      return before.made
    }
    const made = fresh
      ? {
          ...before.made,
          ...(levelled ? {} : { data: { ...before.made.data, level: input.level } }),
          selected,
          position: positionOf(one, at),
          ...(measured ? { measured } : {}),
        }
      : madeOf(input, one, selected, at, measured)
    const { definitions, document, level, t } = input
    drawn.set(one.id, { node: one, selected, at, measured, definitions, document, level, t, made })
    return made
  }
  return {
    nodes(input) {
      for (const id of drawn.keys()) if (!input.graph.nodes.has(id)) drawn.delete(id)
      const cards = [...input.graph.nodes.values()].map((one) => node(input, one))
      const others = frames(input)
      return others.length === 0 ? cards : [...others, ...cards]
    },
    edges(graph, { chosen, reroutes, t }) {
      return [...graph.links.values()].map((link) => {
        const selected = chosen.has(link.id)
        const points = wayTo(graph.reroutes, link.reroute).map(({ id, pos }) => reroutes.get(id) ?? pos)
        const way = points.map(({ x, y }) => `${x},${y}`).join()
        const before = edgesOf.get(link)
        if (before?.selected === selected && before.t === t && before.way === way) return before.made
        const made: FlowEdge = {
          id: link.id,
          type: 'link',
          source: link.origin,
          sourceHandle: outputHandle(link.originSlot),
          target: link.target,
          targetHandle: inputHandle(link.targetSlot),
          selected,
          ariaLabel: t('link.aria', { type: link.type, from: link.origin, to: link.target }),
          data: { colour: colourOf(link.type), points },
        }
        edgesOf.set(link, { selected, t, way, made })
        return made
      })
    },
  }
}

/** Subgraphs show what is inside of them, primitives what they are linked to. */
function looksElsewhere(document: Document, node: GraphNode): boolean {
  return subgraphOf(document, node) !== undefined || node.type === 'PrimitiveNode'
}

interface DrawnLink {
  readonly selected: boolean
  readonly t: Translate
  readonly way: string
  readonly made: FlowEdge
}

interface Drawn {
  readonly node: GraphNode
  readonly selected: boolean
  readonly at: Point
  readonly measured: { readonly width: number; readonly height: number } | undefined
  readonly definitions: Definitions
  readonly document: Document
  readonly level: Level
  readonly t: Translate
  readonly made: CardNode
}

/** A file places a node's body; the view places its header. Reroutes have none. */
function positionOf(node: GraphNode, { x, y }: Point): Point {
  return kindOf(node) === 'knot' ? { x, y } : { x, y: y - HEADER }
}

/** Takes the view's place of a node back to the file's. */
export function filePosition(node: GraphNode, { x, y }: Point): Point {
  return kindOf(node) === 'knot' ? { x, y } : { x, y: y + HEADER }
}

function madeOf(
  { document, definitions, level, t }: FlowInput,
  node: GraphNode,
  selected: boolean,
  at: Point,
  measured: Drawn['measured'],
): CardNode {
  const kind = kindOf(node)
  const layout = kind === 'knot' ? knotLayout(node) : layoutOf(node, shownValues(document, definitions, node))
  const title = titleOf(document, definitions, node)
  const subgraph = document.subgraphs.has(node.type)
  const note = kind === 'note'
  const height = note && !node.collapsed ? Math.max(node.size.height, 60) + HEADER : layout.height
  return {
    id: node.id,
    type: kind,
    position: positionOf(node, at),
    data: { node, layout, title, known: definitions.has(node.type) || subgraph, subgraph, level },
    selected,
    width: layout.width,
    ...(note ? { height } : {}),
    initialHeight: height,
    ...(kind === 'node' ? { dragHandle: '.node-header' } : {}),
    // All others as the view is: none while it is dragged itself.
    ...(node.pinned ? { draggable: false } : {}),
    ariaLabel: t('node.aria', { title, id: node.id }),
    // What is not in view is never measured, and is fitted and linked by these.
    measured: measured ?? { width: layout.width, height },
    // Known beforehand, so that links to nodes out of view can be drawn without drawing the nodes.
    handles: note
      ? []
      : [
          ...handlesOf(layout).map(({ handle, y }) => bound(handle, 'target', -PORT / 2, y)),
          ...layout.outputs.map(({ handle, y }) => bound(handle, 'source', layout.width - PORT / 2, y)),
        ],
  }
}
