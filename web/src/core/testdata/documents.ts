/** For tests: documents made by random commands, and what must hold of every document. */

import fc from 'fast-check'
import { align, autoLayout, distribute, snap } from '../commands/arrange'
import { copyText, duplicate, paste } from '../commands/clipboard'
import { addNode } from '../commands/create'
import { connect, connectToField, disconnect, refusal, removeNodes } from '../commands/links'
import { createGroup, moveBy, moveGroup, setColor, setGroupMode, setTitle, setValue, toggleCollapsed, toggleMode } from '../commands/nodes'
import type { Scene } from '../commands/plan'
import { fromPrimitive, toPrimitive } from '../commands/primitive'
import { addReroute, linkThrough, removeReroutes, wayTo } from '../commands/reroutes'
import { advanceSeeds } from '../commands/seeds'
import { exposeField, hideInput, toSubgraph, unpack } from '../commands/subgraphs'
import type { Document, Graph, GraphId, NodeId } from '../document'
import { EMPTY_DOCUMENT, graphOf, ROOT } from '../document'
import { expose } from '../exposed'
import { fieldsOf } from '../fields'
import { documentJson } from '../files/writing'
import { type Json, writeJson } from '../json'
import { readObjectInfo } from '../objectInfo'
import { apply, type Op } from '../operations'
import OBJECT_INFO from './object_info.json?raw'
import PROMPTS from './prompts.json?raw'

export { PROMPTS }
export const DEFINITIONS = readObjectInfo(OBJECT_INFO)
export const textOf = (document: Document): string => writeJson(documentJson(document))
export const scene = (document: Document, graph: GraphId = ROOT): Scene => ({ document, definitions: DEFINITIONS, graph })

/** Numbers to choose with, so that a failing run can be made smaller. */
interface Dice {
  readonly command: number
  readonly one: number
  readonly other: number
  readonly third: number
}

const DICE: fc.Arbitrary<Dice> = fc.record({ command: fc.nat(999), one: fc.nat(999), other: fc.nat(999), third: fc.nat(9) })

const TYPES = [...DEFINITIONS.keys()].filter((type) => type !== 'PrimitiveNode')
let uuids = 0
const newId = (): string => {
  uuids += 1
  return `00000000-0000-4000-8000-${String(uuids).padStart(12, '0')}`
}

/** Returns the operations of a command that numbers choose, in a graph that they choose. */
export function randomOps(document: Document, dice: Dice): readonly Op[] {
  const graphs = [ROOT, ROOT, ...document.subgraphs.keys()]
  const graph = graphs[dice.third % graphs.length] ?? ROOT
  const at = scene(document, graph)
  const held = graphOf(document, graph)
  const ids = [...held.nodes.keys()]
  const id = ids[dice.one % Math.max(1, ids.length)]
  const pos = { x: dice.one, y: dice.other }
  const add = () => addNode(at, TYPES[dice.one % TYPES.length] ?? '', pos).ops
  if (id === undefined) return add()
  const some = ids.filter((_, number) => (dice.one >> (number % 8)) % 2 === 1 || number === dice.other % ids.length)
  const link = [...held.links.keys()][dice.one % Math.max(1, held.links.size)]
  const point = [...held.reroutes.keys()][dice.one % Math.max(1, held.reroutes.size)]
  const group = [...held.groups.keys()][dice.one % Math.max(1, held.groups.size)]
  const node = held.nodes.get(id)
  const fields = node === undefined ? [] : fieldsOf(document, DEFINITIONS, node).filter((one) => one.kind === 'value')
  const field = fields[dice.other % Math.max(1, fields.length)]
  const values: readonly Json[] = ['text', 7, 2n ** 63n, true, { text: '8.0' }, '{a|b}']
  const commands: readonly (() => readonly Op[])[] = [
    add,
    add,
    add,
    ...Array.from({ length: 8 }, () => () => linked(at, dice)),
    () => (field === undefined ? [] : setValue(at, id, field, values[dice.other % values.length] ?? 0)),
    () => removeNodes(at, some.slice(0, 2), dice.third % 2 === 0),
    () => (link === undefined ? [] : disconnect(at, [link])),
    ...Array.from({ length: 3 }, () => () => (link === undefined ? [] : addReroute(at, link, pos, { from: { x: 0, y: 0 }, to: { x: 999, y: 0 } }).ops)),
    () => (point === undefined ? [] : removeReroutes(at, [point])),
    ...Array.from({ length: 2 }, () => () => (point === undefined ? [] : branched(at, point, dice))),
    () => toggleMode(at, some, dice.third % 2 === 0 ? 'muted' : 'bypassed'),
    () => setTitle(at, id, dice.third % 2 === 0 ? 'a title' : null),
    () => setColor(at, some, '#223', null),
    () => toggleCollapsed(at, some),
    () => moveBy(at, some, { x: 10, y: 0.5 }),
    () => createGroup(at, some, 'Group'),
    () => (group === undefined ? [] : moveGroup(at, group, { x: 5, y: 5 })),
    () => (group === undefined ? [] : setGroupMode(at, group, 4)),
    () => duplicate(at, some.slice(0, 3), dice.third % 2 === 0).ops,
    () => (graph === ROOT ? paste(at, copyText(scene(document), ids.slice(0, 2)), pos).ops : []),
    () => align(at, some, 'left'),
    () => distribute(at, some, 'down'),
    () => snap(at, some, 20),
    () => autoLayout(at),
    () => toSubgraph(at, some, 'Made', newId).ops,
    () => instance(document, graph, (one) => unpack(at, one)),
    () => (graph === ROOT || field === undefined ? [] : exposeField(at, id, field.name, newId)),
    () => (graph === ROOT ? [] : hidden(at, dice.one)),
    () => (field === undefined ? [] : toPrimitive(at, id, field.name, pos)),
    () => (node?.type === 'PrimitiveNode' ? fromPrimitive(at, id) : []),
    () => advanceSeeds(at, () => 5n),
    () => (field === undefined || graph !== ROOT ? [] : expose(document, [{ node: id, input: field.name }], 'shown')),
  ]
  return commands[dice.command % commands.length]?.() ?? []
}

/** Links the first ports that fit, beginning anywhere: an output of any node to an input of another. */
function linked(at: Scene, dice: Dice): readonly Op[] {
  const nodes = [...graphOf(at.document, at.graph).nodes.values()]
  const outputs = nodes.flatMap(({ id, outputs: ports }) => ports.map((_, slot) => ({ node: id, slot })))
  const inputs = nodes.flatMap(({ id, inputs: ports }) => ports.map(({ name, widget }, slot) => ({ node: id, slot, name, widget })))
  const from = outputs[dice.one % Math.max(1, outputs.length)]
  if (from === undefined) return []
  for (let number = 0; number < inputs.length; number += 1) {
    const to = inputs[(number + dice.other) % inputs.length]
    if (to === undefined || refusal(at, from, to) !== null) continue
    return to.widget ? connectToField(at, from, to.node, to.name) : connect(at, from, to)
  }
  return []
}

/** Links a point's output to the first input that takes it. */
function branched(at: Scene, point: string, dice: Dice): readonly Op[] {
  const graph = graphOf(at.document, at.graph)
  const through = linkThrough(graph, point)
  if (through === undefined) return []
  const from = { node: through.origin, slot: through.originSlot }
  const inputs = [...graph.nodes.values()].flatMap(({ id, inputs: ports }) => ports.map((_, slot) => ({ node: id, slot })))
  for (let number = 0; number < inputs.length; number += 1) {
    const to = inputs[(number + dice.other) % inputs.length]
    if (to !== undefined && refusal(at, from, to) === null) return connect(at, from, to, point)
  }
  return []
}

function instance(document: Document, graph: GraphId, command: (id: NodeId) => readonly Op[]): readonly Op[] {
  const found = [...graphOf(document, graph).nodes.values()].find((node) => document.subgraphs.has(node.type))
  return found === undefined ? [] : command(found.id)
}

function hidden(at: Scene, number: number): readonly Op[] {
  const inputs = at.document.subgraphs.get(at.graph)?.inputs ?? []
  const name = inputs[number % Math.max(1, inputs.length)]?.name
  return name === undefined ? [] : hideInput(at, name)
}

export const COMMANDS = fc.array(DICE, { minLength: 1, maxLength: 50, size: 'max' })

/** A few nodes to begin with. */
export const BEGINNING: Document = ['CheckpointLoaderSimple', 'CLIPTextEncode', 'EmptyLatentImage', 'KSampler', 'VAEDecode', 'IntMath'].reduce(
  (document, type) => apply(document, addNode(scene(document), type, { x: 0, y: 0 }).ops).document,
  EMPTY_DOCUMENT,
)

/** Returns the document that commands make, and each one on the way. */
export function madeBy(commands: readonly Dice[]): readonly Document[] {
  const found: Document[] = [BEGINNING]
  for (const dice of commands) {
    const last = found.at(-1) ?? BEGINNING
    found.push(apply(last, randomOps(last, dice)).document)
  }
  return found
}

/** Returns what is wrong with a document's links: every end knows of the other, and none leads nowhere. */
export function faults(document: Document): readonly string[] {
  const graphs: readonly (readonly [GraphId, Graph])[] = [[ROOT, document.root], ...document.subgraphs]
  return graphs.flatMap(([id, graph]) => faultsOf(graph, document.subgraphs.get(id)).map((one) => `${id}: ${one}`))
}

function faultsOf(graph: Graph, border: Document['subgraphs'] extends ReadonlyMap<string, infer S> ? S | undefined : never): readonly string[] {
  const found: string[] = []
  for (const link of graph.links.values()) {
    const from = link.origin === border?.entry.id ? border.inputs[link.originSlot] : graph.nodes.get(link.origin)?.outputs[link.originSlot]
    if (!from?.links.includes(link.id)) found.push(`link ${link.id}: its origin does not know it`)
    if (link.target === border?.exit.id) {
      if (!border.outputs[link.targetSlot]?.links.includes(link.id)) found.push(`link ${link.id}: the exit does not know it`)
    } else if (graph.nodes.get(link.target)?.inputs[link.targetSlot]?.link !== link.id) {
      found.push(`link ${link.id}: its target does not know it`)
    }
  }
  const passed = new Map([...graph.links.values()].map((link) => [link.id, wayTo(graph.reroutes, link.reroute).map((one) => one.id)]))
  for (const link of graph.links.values()) {
    if (link.reroute !== null && passed.get(link.id)?.at(-1) !== link.reroute) found.push(`link ${link.id}: its point ${link.reroute} is not there`)
    for (const id of passed.get(link.id) ?? []) if (!graph.reroutes.get(id)?.links.includes(link.id)) found.push(`point ${id} does not know link ${link.id}`)
  }
  for (const { id, links, parent } of graph.reroutes.values()) {
    if (links.length === 0) found.push(`point ${id}: no link passes it`)
    if (parent !== null && !graph.reroutes.has(parent)) found.push(`point ${id}: ${parent} before it is not there`)
    for (const link of links) if (!passed.get(link)?.includes(id)) found.push(`point ${id}: link ${link} does not pass it`)
  }
  for (const node of graph.nodes.values()) {
    for (const { name, link } of node.inputs) if (link !== null && !graph.links.has(link)) found.push(`${node.id}.${name}: ${link}`)
    for (const { name, links } of node.outputs) {
      for (const link of links) if (!graph.links.has(link)) found.push(`${node.id}.${name}: ${link}`)
    }
  }
  return found
}
