/** API format to a document: nodes laid out in layers, values in their fields. */

import { layered } from '../commands/arrange'
import { inputSlots, naturalSize, outputSlots } from '../commands/create'
import type { Scene } from '../commands/plan'
import { type Definitions, definitionOf } from '../definitions'
import type { Document, GraphNode, InputSlot, Link, NodeId, OutputSlot, Size } from '../document'
import { EMPTY_DOCUMENT, ROOT } from '../document'
import { type Exposed, withExposed } from '../exposed'
import { fieldsOf } from '../fields'
import { asText, EMPTY, isList, isObject, type Json, type JsonObject } from '../json'
import { type Problem, pointer, problem, WorkflowError } from '../problems'
import { kept } from '../prompt/texts'
import { initialValues } from '../widgets'
import { identity, inside, slotNumber } from './fields'

/** Outputs that a node of unknown type may be linked from. */
const MOST_OUTPUTS = 256

interface Wire {
  readonly node: NodeId
  readonly slot: number
}

/** A node as API format has it. */
interface Entry {
  readonly id: NodeId
  readonly type: string
  readonly title: string | null
  readonly wires: ReadonlyMap<string, Wire>
  readonly values: ReadonlyMap<string, Json>
}

/** Reads a workflow in API format. Raises `WorkflowError` with all problems of form. */
export function importPrompt(prompt: JsonObject, definitions: Definitions): Document {
  const problems: Problem[] = []
  const entries = [...prompt].flatMap(([id, said]) => readEntry(id, said, prompt, problems))
  if (problems.length > 0) throw new WorkflowError(problems)
  const used = new Map<NodeId, number>()
  for (const { wires } of entries) {
    for (const { node, slot } of wires.values()) used.set(node, Math.max(used.get(node) ?? 0, slot + 1))
  }
  const scene: Scene = { document: EMPTY_DOCUMENT, definitions, graph: ROOT }
  const nodes = new Map(entries.map((one) => [one.id, drawn(scene, one, used.get(one.id) ?? 0)]))
  const links = new Map<string, Link>()
  for (const { id, wires } of entries) {
    for (const [name, { node, slot }] of wires) {
      const [target, origin] = [nodes.get(id), nodes.get(node)]
      const targetSlot = target?.inputs.findIndex((one) => one.name === name) ?? -1
      if (target === undefined || origin?.outputs[slot] === undefined) continue
      const link = String(links.size + 1)
      const type = origin.outputs[slot].type
      links.set(link, {
        id: link,
        origin: node,
        originSlot: slot,
        target: id,
        targetSlot,
        type,
        reroute: null,
        raw: null,
      })
      const outputs = origin.outputs.map((one, at) =>
        at === slot ? { ...one, links: [...one.links, link] } : one,
      )
      nodes.set(node, { ...origin, outputs })
      const held = nodes.get(id) ?? target
      nodes.set(id, {
        ...held,
        inputs: held.inputs.map((one, at) => (at === targetSlot ? { ...one, link } : one)),
      })
    }
  }
  const sizes = entries.map(({ id }) => [id, nodes.get(id)?.size ?? NOTHING] as const)
  const sources = new Map(entries.map(({ id, wires }) => [id, [...wires.values()].map((one) => one.node)]))
  const places = layered(sizes, sources)
  const placed = [...nodes].map(([id, node]) => [id, { ...node, pos: places.get(id) ?? node.pos }] as const)
  const numbers = [...nodes.keys()].map(Number).filter(Number.isSafeInteger)
  return {
    ...EMPTY_DOCUMENT,
    root: { ...EMPTY_DOCUMENT.root, nodes: new Map(placed), links },
    extra: withExposed(EMPTY, exposedIn(prompt)),
    lastNodeId: Math.max(0, ...numbers),
    lastLinkId: links.size,
  }
}

const NOTHING: Size = { width: 0, height: 0 }

function readEntry(id: NodeId, said: Json, prompt: JsonObject, problems: Problem[]): readonly Entry[] {
  const type = isObject(said) ? asText(said.get('class_type')) : undefined
  if (!isObject(said) || type === undefined) {
    const message = `node ${id} must be an object with a "class_type"`
    problems.push(problem('not_api_format', message, { node: id, pointer: pointer(id) }))
    return []
  }
  const wires = new Map<string, Wire>()
  const values = new Map<string, Json>()
  for (const [name, given] of inside(said, 'inputs')) {
    if (!isList(given)) {
      const boxedValue = isObject(given) && given.size === 1 ? given.get('__value__') : undefined
      values.set(name, boxedValue ?? given)
      continue
    }
    const [node, slot] = [identity(given[0]), slotNumber(given[1])]
    if (
      given.length !== 2 ||
      node === undefined ||
      slot === undefined ||
      slot < 0 ||
      slot >= MOST_OUTPUTS ||
      !prompt.has(node)
    ) {
      const message = `input "${name}" of node ${id} must be a link [node, output] to a node of the workflow`
      problems.push(
        problem('bad_linked_input', message, { node: id, input: name, pointer: pointer(id, 'inputs', name) }),
      )
    } else wires.set(name, { node, slot })
  }
  const title = asText(inside(said, '_meta').get('title')) ?? null
  return [{ id, type, title, wires, values }]
}

function drawn(scene: Scene, entry: Entry, used: number): GraphNode {
  const known = definitionOf(scene.definitions, entry.type)
  const slots = inputSlots(known?.inputs ?? [])
  const names = new Set(slots.map((one) => one.name))
  const more = [...entry.wires.keys()].filter((name) => !names.has(name))
  const inputs: readonly InputSlot[] = [
    ...slots,
    ...more.map((name) => ({ ...BLANK, name, link: null, widget: null })),
  ]
  const outputs = outputSlots(known?.outputs ?? [])
  const unknown = Array.from(
    { length: Math.max(0, used - outputs.length) },
    (): OutputSlot => ({ ...BLANK, name: '*', links: [] }),
  )
  const node: GraphNode = {
    id: entry.id,
    type: entry.type,
    title: entry.title === known?.title ? null : entry.title,
    pos: { x: 0, y: 0 },
    size: NOTHING,
    mode: 0,
    collapsed: false,
    pinned: false,
    color: null,
    bgcolor: null,
    inputs,
    outputs: [...outputs, ...unknown],
    values: [],
    properties: new Map([['Node name for S&R', entry.type]]),
    raw: EMPTY,
  }
  return { ...node, values: heldValues(scene, node, entry), size: naturalSize(scene, node) }
}

const BLANK = { type: '*', label: null, raw: EMPTY }

/** In the order of the fields; by name where one is no field, or nothing is known of the type. */
function heldValues(scene: Scene, node: GraphNode, { type, values }: Entry): GraphNode['values'] {
  if (definitionOf(scene.definitions, type) === undefined) return values
  const fields = fieldsOf(scene.document, scene.definitions, node)
  const known = definitionOf(scene.definitions, type)?.inputs.map((one) => one.name) ?? []
  const names = new Set(fields.map((one) => one.name))
  const text = new Map(
    [...values].map(([name, value]): [string, Json] => {
      const widget = fields.find((one) => one.name === name)?.input?.widget
      const dynamic = widget?.kind === 'text' && widget.dynamicPrompts && typeof value === 'string'
      return [name, dynamic ? kept(value as string) : value]
    }),
  )
  if ([...text.keys()].some((name) => known.includes(name) && !names.has(name))) return text
  const initial = initialValues(fields)
  return fields.map((field, at) => {
    if (field.kind === 'control') return 'fixed'
    return (field.kind === 'value' ? text.get(field.name) : undefined) ?? initial[at] ?? null
  })
}

/** Returns what the nodes of a prompt say that they expose. */
function exposedIn(prompt: JsonObject): readonly Exposed[] {
  return [...prompt].flatMap(([node, said]) =>
    isObject(said)
      ? [...inside(inside(said, '_meta'), 'exposed')].flatMap(([input, name]): Exposed[] =>
          typeof name === 'string' && name !== '' ? [{ name, node, input }] : [],
        )
      : [],
  )
}
