/** New nodes, and what they look like before anybody has touched them. */

import type { Definitions, InputDefinition, OutputDefinition } from '../definitions'
import { definitionOf } from '../definitions'
import type { GraphNode, InputSlot, NodeId, OutputSlot, Point, Size, Subgraph } from '../document'
import { type Field, fieldsOf } from '../fields'
import { EMPTY, type Json } from '../json'
import type { Op } from '../operations'
import { problem, WorkflowError } from '../problems'
import { initialValues } from '../widgets'
import { type End, Plan, type Scene } from './plan'

/** How files mark an input that may be left out. */
const OPTIONAL: Json = 7

export interface Added {
  readonly ops: readonly Op[]
  readonly node: GraphNode
}

/** Adds a node of a type; linked to a port, if one is given that it fits (`fittingPort` says at which slot). */
export function addNode(
  scene: Scene,
  type: string,
  pos: Point,
  link?: { readonly end: End; readonly side: 'input' | 'output'; readonly slot: number },
): Added {
  const plan = new Plan(scene)
  const node = newNode(scene, plan.newNodeId(), type, pos)
  plan.put(node)
  if (link !== undefined && link.slot >= 0) {
    const own = { node: node.id, slot: link.side === 'output' ? slotOf(node, scene, link.slot) : link.slot }
    if (link.side === 'output') plan.connect(link.end, own)
    else plan.connect(own, link.end)
  }
  return { ops: plan.ops(), node: plan.node(node.id) }
}

/** The number of an input among the slots of a node, by its number among those of its type. */
function slotOf(node: GraphNode, { definitions }: Scene, number: number): number {
  const name = definitionOf(definitions, node.type)?.inputs[number]?.name
  const found = node.inputs.findIndex((slot) => slot.name === name)
  return found < 0 ? number : found
}

/** Returns a node of a type as it begins. Raises for a type that nobody knows. */
export function newNode(scene: Scene, id: NodeId, type: string, pos: Point): GraphNode {
  const subgraph = scene.document.subgraphs.get(type)
  const known = definitionOf(scene.definitions, type)
  requireNotItself(scene, [type])
  if (subgraph === undefined && known === undefined) throw new Error(`there is no type of node "${type}"`)
  const plain: GraphNode = {
    id,
    type,
    title: null,
    pos,
    size: { width: 0, height: 0 },
    mode: 0,
    collapsed: false,
    pinned: false,
    color: null,
    bgcolor: null,
    inputs: subgraph !== undefined ? borderInputs(subgraph) : inputSlots(known?.inputs ?? []),
    outputs: subgraph !== undefined ? borderOutputs(subgraph) : outputSlots(known?.outputs ?? []),
    values: [],
    properties: subgraph === undefined ? new Map([['Node name for S&R', type]]) : EMPTY,
    raw: EMPTY,
  }
  // What an instance shows is held by its inner nodes until somebody changes it there.
  const fields = subgraph === undefined ? fieldsOf(scene.document, scene.definitions, plain) : []
  const node = { ...plain, values: initialValues(fields) }
  return { ...node, size: naturalSize(scene, node) }
}

/** Raises `WorkflowError` where a graph would come to lie inside of itself by getting nodes of these types. */
export function requireNotItself({ document, graph }: Scene, types: Iterable<string>): void {
  const seen = new Set(types)
  for (const type of seen) {
    if (type === graph) {
      const name = document.subgraphs.get(graph)?.name ?? graph
      throw new WorkflowError([problem('bad_subgraph', `the subgraph "${name}" would contain itself`)])
    }
    for (const node of document.subgraphs.get(type)?.nodes.values() ?? []) seen.add(node.type)
  }
}

/** Sockets first, then fields, required ones before others: as files have them. */
export function inputSlots(inputs: readonly InputDefinition[]): readonly InputSlot[] {
  const rank = (one: InputDefinition) => (one.widget === null ? 0 : 2) + (one.required ? 0 : 1)
  return inputs
    .toSorted((one, other) => rank(one) - rank(other))
    .map((one) => ({
      name: one.name,
      type: one.type,
      link: null,
      widget: one.widget === null ? null : one.name,
      label: null,
      raw:
        one.required || one.name === ''
          ? EMPTY
          : new Map([
              ['name', one.name],
              ['type', one.type],
              ['shape', OPTIONAL],
            ]),
    }))
}

export function outputSlots(outputs: readonly OutputDefinition[]): readonly OutputSlot[] {
  return outputs.map(({ name, type }) => ({ name, type, links: [], label: null, raw: EMPTY }))
}

function borderInputs(subgraph: Subgraph): readonly InputSlot[] {
  return subgraph.inputs.map(({ name, type, label }) => ({
    name,
    type,
    link: null,
    widget: null,
    label,
    raw: EMPTY,
  }))
}

function borderOutputs(subgraph: Subgraph): readonly OutputSlot[] {
  return subgraph.outputs.map(({ name, type, label }) => ({ name, type, links: [], label, raw: EMPTY }))
}

const HEADER = 30
const ROW = 20
const FIELD = 28
const TALL = 90
const PICTURE = 300

/** Returns the size that a node needs, about, with the picture that it loads or shows: in graph points. */
export function naturalSize({ document, definitions }: Scene, node: GraphNode): Size {
  const fields = fieldsOf(document, definitions, node).filter((one) => one.kind === 'value')
  const tall = fields.filter((one) => one.input?.widget?.kind === 'text' && one.input.widget.multiline).length
  const sockets = node.inputs.filter((slot) => slot.widget === null).length
  const rows = Math.max(sockets, node.outputs.length)
  const width = tall > 0 ? 400 : fields.length > 0 ? 315 : 210
  const picture = showsPicture(definitions, node, fields) ? PICTURE : 0
  return { width, height: HEADER + ROW * rows + FIELD * fields.length + TALL * tall + picture + 10 }
}

/** Tells whether a node will show a picture below its fields. */
function showsPicture(definitions: Definitions, node: GraphNode, fields: readonly Field[]): boolean {
  const loads = fields.some(({ input }) => input?.widget?.kind === 'combo' && input.widget.upload === 'image')
  const ends = definitionOf(definitions, node.type)?.isOutput === true
  return loads || (ends && node.inputs.some((slot) => slot.type === 'IMAGE'))
}
