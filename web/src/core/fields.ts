/** The fields of a node, and which of its stored values belongs to which. */

import {
  type Definitions,
  definitionOf,
  type InputDefinition,
  type NodeDefinition,
  PRIMITIVE,
  VIRTUAL,
} from './definitions'
import type { Document, GraphNode, NodeId, Subgraph } from './document'
import { asNumber, type Json, sameJson } from './json'
import { SEEDS } from './objectInfo'

/** What may become of a number after a run (or before it); the word stands behind the number. */
export const CONTROLS = ['fixed', 'increment', 'decrement', 'randomize', 'increment-wrap'] as const
export type Control = (typeof CONTROLS)[number]

/** What a list of shown fields calls the word behind a seed. */
export const AFTER = 'control_after_generate'

/** In a list of shown fields: the subgraph's own input, in place of an inner node. */
export const OWN = '-1'

/**
 * One place in the list of a node's values. `holder` is the inner node that a subgraph's instance shows it of
 * (OWN for the subgraph's own input), null for a node's own. `input` is null where nothing is known of it.
 * `loose` fields take any value when lists are aligned: those of an instance inside of an instance.
 */
export interface Field {
  readonly name: string
  readonly kind: 'value' | 'control' | 'button'
  readonly holder: NodeId | null
  readonly input: InputDefinition | null
  readonly loose?: boolean
}

/** Returns the places in the list of a node's values, in the order in which editors make its fields. */
export function fieldsOf(document: Document, definitions: Definitions, node: GraphNode): readonly Field[] {
  const subgraph = document.subgraphs.get(node.type)
  if (subgraph !== undefined) return shownFields(document, definitions, node, subgraph)
  if (node.type === PRIMITIVE) return primitiveFields(document, definitions, node)
  const known = definitionOf(definitions, node.type)
  return known === undefined ? fieldsBySlots(node) : fieldsOfType(known)
}

/** As `fieldsOf`, for a type that the server knows. */
export function fieldsOfType(definition: NodeDefinition): readonly Field[] {
  return definition.inputs.flatMap((input): Field[] => {
    const { name, widget } = input
    if (widget === null) return []
    const found: Field[] = [{ name, kind: 'value', holder: null, input }]
    const control = (widget.kind === 'int' || widget.kind === 'combo') && widget.control
    if (control) found.push({ name, kind: 'control', holder: null, input })
    if (widget.kind === 'combo' && widget.upload !== null) {
      found.push({ name, kind: 'button', holder: null, input })
    }
    return found
  })
}

/** A primitive has the field of the first input that it is linked to, with a word behind a number. */
function primitiveFields(document: Document, definitions: Definitions, node: GraphNode): readonly Field[] {
  const graph = [document.root, ...document.subgraphs.values()].find((one) => one.nodes.get(node.id) === node)
  const link = graph?.links.get(node.outputs[0]?.links[0] ?? '')
  const target = link === undefined ? undefined : graph?.nodes.get(link.target)
  const name = target?.inputs[link?.targetSlot ?? -1]?.name
  const input =
    target === undefined || name === undefined ? null : inputOf(document, definitions, target, name)
  const value: Field = { name: 'value', kind: 'value', holder: null, input }
  const control = input?.widget?.kind === 'int' || input?.widget?.kind === 'combo'
  return control ? [value, { ...value, kind: 'control' }] : [value]
}

function fieldsBySlots(node: GraphNode): readonly Field[] {
  const place = { holder: null, input: null }
  return node.inputs.flatMap(({ name, widget }): Field[] => {
    if (widget === null) return []
    const value: Field = { name, kind: 'value', ...place }
    return SEEDS.has(name) ? [value, { name, kind: 'control', ...place }] : [value]
  })
}

/** Tells whether a type is that of a legacy group node, which shows the fields of all its inner nodes. */
export function isGroup(type: string): boolean {
  return type.startsWith('workflow>') || type.startsWith('workflow/')
}

/** Returns the first inner node that each input of a subgraph leads to, with the name of that node's input. */
export function entriesOf(subgraph: Subgraph): ReadonlyMap<number, readonly [GraphNode, string]> {
  const found = new Map<number, readonly [GraphNode, string]>()
  for (const node of subgraph.nodes.values()) {
    for (const slot of node.inputs) {
      const link = slot.link === null ? undefined : subgraph.links.get(slot.link)
      if (link?.origin === subgraph.entry.id && !found.has(link.originSlot)) {
        found.set(link.originSlot, [node, slot.name])
      }
    }
  }
  return found
}

/** Returns the fields of inner nodes that a file says an instance shows, as [inner node, field]. */
export function proxiesOf(node: GraphNode): readonly (readonly [NodeId, string])[] {
  const said = node.properties.get('proxyWidgets')
  return Array.isArray(said)
    ? (said as readonly Json[]).flatMap((one) => {
        const [holder, name] = Array.isArray(one) ? (one as readonly Json[]) : []
        const id = typeof holder === 'string' ? holder : asNumber(holder)?.toString()
        return id !== undefined && typeof name === 'string' ? [[id, name] as const] : []
      })
    : []
}

function shownFields(
  document: Document,
  definitions: Definitions,
  node: GraphNode,
  subgraph: Subgraph,
): readonly Field[] {
  if (isGroup(node.type)) {
    return [...subgraph.nodes.values()].flatMap((inner) =>
      fieldsOf(document, definitions, inner).map((one) => ({ ...one, holder: inner.id })),
    )
  }
  const entries = entriesOf(subgraph)
  const targets = new Map<string, readonly [GraphNode, string]>()
  subgraph.inputs.forEach(({ name }, number) => {
    const found = entries.get(number)
    if (found !== undefined) targets.set(name, found)
  })
  const field = (holder: NodeId, name: string, inner: GraphNode | undefined, input: string): Field => {
    const known = inner === undefined || name === AFTER ? null : inputOf(document, definitions, inner, input)
    const loose = inner !== undefined && document.subgraphs.has(inner.type)
    return { name, kind: name === AFTER ? 'control' : 'value', holder, input: known, loose }
  }
  const proxies = proxiesOf(node)
  if (proxies.length > 0) {
    return proxies.map(([holder, name]) => {
      if (holder !== OWN) return field(holder, name, subgraph.nodes.get(holder), name)
      const [inner, input] = targets.get(name) ?? []
      return field(OWN, name, inner, input ?? '')
    })
  }
  const said = new Set(node.inputs.flatMap(({ name, widget }) => (widget === null ? [] : [name])))
  return [...targets].flatMap(([name, [inner, input]]) => {
    const found = field(OWN, name, inner, input)
    const known =
      found.input !== null && !found.loose
        ? found.input.widget !== null
        : inner.inputs.some((slot) => slot.name === input && slot.widget !== null)
    return (said.size > 0 ? said.has(name) : known) ? [found] : []
  })
}

/** Returns what is known of an input of a node, through the subgraph that it may be an instance of. */
export function inputOf(
  document: Document,
  definitions: Definitions,
  node: GraphNode,
  name: string,
): InputDefinition | null {
  if (VIRTUAL.has(node.type)) return null
  if (document.subgraphs.has(node.type)) {
    const fields = fieldsOf(document, definitions, node)
    return fields.find((one) => one.kind === 'value' && one.name === name)?.input ?? null
  }
  return definitionOf(definitions, node.type)?.inputs.find((one) => one.name === name) ?? null
}

/** Returns the number of the value that each field has in a list; -1 for none. */
export function alignment(fields: readonly Field[], values: readonly Json[]): readonly number[] {
  const oneByOne = fields.length === values.length || fields.length * values.length > MOST_PAIRS
  return oneByOne ? fields.map((_, at) => (at < values.length ? at : -1)) : aligned(fields, values)
}

/** Fields times values that are compared to align them. */
const MOST_PAIRS = 250_000

/** How strange it is that a field has no value, and that a value has no field. */
const MISSING = 3
const LEFT_OVER = 2

/** Aligns as texts are compared: by the least cost of what is left out and of what fits badly. */
function aligned(fields: readonly Field[], values: readonly Json[]): readonly number[] {
  const width = values.length + 1
  const costs = new Float64Array((fields.length + 1) * width)
  const cost = (row: number, column: number) => costs[row * width + column] ?? 0
  const strange = (row: number, column: number) => {
    const field = fields[row]
    return field === undefined ? 0 : strangeness(field, values[column] ?? null)
  }
  for (let row = fields.length; row >= 0; row -= 1) {
    for (let column = values.length; column >= 0; column -= 1) {
      const choices: number[] = []
      if (row < fields.length && column < values.length) {
        choices.push(strange(row, column) + cost(row + 1, column + 1))
      }
      if (row < fields.length) choices.push(MISSING + cost(row + 1, column))
      if (column < values.length) choices.push(LEFT_OVER + cost(row, column + 1))
      costs[row * width + column] = choices.length > 0 ? Math.min(...choices) : 0
    }
  }
  const found = fields.map(() => -1)
  let row = 0
  let column = 0
  while (row < fields.length && column < values.length) {
    if (cost(row, column) === strange(row, column) + cost(row + 1, column + 1)) {
      found[row] = column
      row += 1
      column += 1
    } else if (cost(row, column) === MISSING + cost(row + 1, column)) row += 1
    else column += 1
  }
  return found
}

/** Tells how little a value looks like a field's: 0 is its kind of value, 4 is certainly not. */
function strangeness(field: Field, value: Json): number {
  if (field.kind === 'control') return isControl(value) ? 0 : 4
  if (field.kind === 'button') return value === null || typeof value === 'string' ? 0 : 4
  if (value === null) return 1
  if (field.input === null || field.loose) return 0
  const { widget } = field.input
  if (widget === null) return 4
  const number = typeof value === 'bigint' || asNumber(value) !== undefined
  switch (widget.kind) {
    case 'combo':
      if (widget.files) return typeof value === 'string' ? 0 : 4
      return widget.options.some((one) => sameJson(one, value)) ? 0 : 4
    case 'boolean':
      return typeof value === 'boolean' ? 0 : 4
    case 'text':
      return typeof value === 'string' ? 0 : 4
    case 'float':
      return number ? 0 : 4
    case 'int':
      return !number ? 4 : typeof value === 'bigint' || Number.isInteger(asNumber(value)) ? 0 : 2
  }
}

export function isControl(value: Json | undefined): value is Control {
  return typeof value === 'string' && (CONTROLS as readonly string[]).includes(value)
}

/** Returns the fields in the order in which a node's list has values for them. */
export function listedFields(fields: readonly Field[], count: number): readonly Field[] {
  const own = fields.filter((one) => one.holder === OWN)
  // Where the list is as long as the subgraph's own fields, inner nodes hold the values of the others.
  return own.length > 0 && own.length === count ? own : fields
}
