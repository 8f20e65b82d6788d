/** What a node's fields hold, by field; and a node with one of them changed. */

import { type Definitions, definitionOf, PRIMITIVE, VIRTUAL } from './definitions'
import type { Document, GraphNode, Subgraph } from './document'
import { AFTER, alignment, type Control, type Field, fieldsOf, isControl, listedFields } from './fields'
import { isObject, type Json, sameJson } from './json'

/** A field as it is shown: `value` is undefined where there is none, `control` null where it has no such word. */
export interface ShownField {
  readonly field: Field
  readonly value: Json | undefined
  readonly control: Control | null
}

/** Returns the fields of a node with what they hold: stored values, or those that new fields begin with. */
export function shownValues(
  document: Document,
  definitions: Definitions,
  node: GraphNode,
): readonly ShownField[] {
  const fields = fieldsOf(document, definitions, node)
  const stored = storedValues(fields, node)
  return fields.flatMap((field, at): ShownField[] => {
    if (field.kind !== 'value') return []
    const after = fields[at + 1]
    const word = after?.kind === 'control' ? stored.get(after) : undefined
    const control = after?.kind === 'control' ? (isControl(word) ? word : 'fixed') : null
    return [{ field, value: stored.get(field) ?? heldInside(document, definitions, node, field), control }]
  })
}

/** What a field of a new node holds, or what the inner node says that a subgraph shows it of. */
function heldInside(
  document: Document,
  definitions: Definitions,
  node: GraphNode,
  field: Field,
): Json | undefined {
  const subgraph = document.subgraphs.get(node.type)
  if (subgraph === undefined || field.holder === null) return field.input?.initial
  const [inner, name] = heldBy(subgraph, field)
  if (inner === undefined) return field.input?.initial
  return shownValues(document, definitions, inner).find((one) => one.field.name === name)?.value
}

/** Returns the inner node, and its field's name, that a subgraph's field stands for. */
export function heldBy(subgraph: Subgraph, field: Field): readonly [GraphNode | undefined, string] {
  const inner = field.holder === null ? undefined : subgraph.nodes.get(field.holder)
  if (inner !== undefined) return [inner, field.name]
  const number = subgraph.inputs.findIndex((one) => one.name === field.name)
  for (const node of subgraph.nodes.values()) {
    for (const slot of node.inputs) {
      const link = slot.link === null ? undefined : subgraph.links.get(slot.link)
      if (link?.origin === subgraph.entry.id && link.originSlot === number) return [node, slot.name]
    }
  }
  return [undefined, field.name]
}

/** Returns what a file says for each field, nothing for null. */
export function storedValues(fields: readonly Field[], node: GraphNode): ReadonlyMap<Field, Json> {
  const { values } = node
  const found = new Map<Field, Json>()
  if (isObject(values)) {
    for (const field of fields) {
      const value = field.kind === 'value' ? values.get(field.name) : values.get(AFTER)
      if (value !== undefined && value !== null) found.set(field, value)
    }
    return found
  }
  const listed = listedFields(fields, values.length)
  alignment(listed, values).forEach((place, at) => {
    const [field, value] = [listed[at], values[place]]
    if (field !== undefined && value !== undefined && value !== null) found.set(field, value)
  })
  return found
}

/** Returns what a node's fields hold by name, as it is sent; without what is not known. */
export function valuesByName(
  document: Document,
  definitions: Definitions,
  node: GraphNode,
): Map<string, Json> {
  const found = new Map<string, Json>()
  for (const { field, value } of shownValues(document, definitions, node)) {
    if (value !== undefined && !found.has(field.name)) found.set(field.name, value)
  }
  if (isObject(node.values)) {
    const known = definitionOf(definitions, node.type)?.inputs.map((one) => one.name)
    for (const [name, value] of node.values) {
      if (value !== null && (known === undefined || known.includes(name))) found.set(name, value)
    }
  }
  return found
}

/** Returns a node with one of its fields changed; raises for a field that it does not have. */
export function withValue(
  document: Document,
  definitions: Definitions,
  node: GraphNode,
  field: Pick<Field, 'name' | 'holder'>,
  value: Json,
): GraphNode {
  return changed(document, definitions, node, (one) => one.kind === 'value' && matches(one, field), value)
}

/** Returns a node with the word behind one of its fields changed. */
export function withControl(
  document: Document,
  definitions: Definitions,
  node: GraphNode,
  field: Pick<Field, 'name' | 'holder'>,
  control: Control,
): GraphNode {
  const fields = fieldsOf(document, definitions, node)
  const at = fields.findIndex((one) => one.kind === 'value' && matches(one, field))
  const word = fields[at + 1]
  if (at < 0 || word?.kind !== 'control')
    throw new Error(`"${field.name}" has no word for what becomes of it`)
  return changed(document, definitions, node, (one) => one === fields[at + 1], control, fields)
}

function matches(one: Field, wanted: Pick<Field, 'name' | 'holder'>): boolean {
  return one.name === wanted.name && one.holder === wanted.holder
}

function changed(
  document: Document,
  definitions: Definitions,
  node: GraphNode,
  wanted: (field: Field) => boolean,
  value: Json,
  known?: readonly Field[],
): GraphNode {
  const fields = known ?? fieldsOf(document, definitions, node)
  const field = fields.find(wanted)
  if (field === undefined) {
    if (node.type === PRIMITIVE) return { ...node, values: [value, ...restOf(node)] }
    throw new Error(`${node.type} has no such field; it has ${fields.map((one) => one.name).join(', ')}`)
  }
  if (isObject(node.values)) {
    const key = field.kind === 'control' ? AFTER : field.name
    return { ...node, values: new Map([...node.values, [key, value]]) }
  }
  const listed = listedFields(fields, node.values.length)
  const place = alignment(listed, node.values)[listed.indexOf(field)] ?? -1
  if (place >= 0) {
    if (sameJson(node.values[place], value)) return node
    return { ...node, values: node.values.with(place, value) }
  }
  const stored = storedValues(fields, node)
  const values = fields.map((one) =>
    one === field ? value : (stored.get(one) ?? blankOf(document, definitions, node, one)),
  )
  return { ...node, values }
}

const restOf = (node: GraphNode): readonly Json[] => (isObject(node.values) ? [] : node.values.slice(1))

function blankOf(document: Document, definitions: Definitions, node: GraphNode, field: Field): Json {
  if (field.kind === 'control') return 'fixed'
  if (field.kind === 'button') return 'image'
  return heldInside(document, definitions, node, field) ?? null
}

/** Returns the values that a new node begins with. */
export function initialValues(fields: readonly Field[]): readonly Json[] {
  return fields.map((field) => {
    if (field.kind === 'button') return 'image'
    return field.kind === 'control' ? 'randomize' : (field.input?.initial ?? null)
  })
}

/** What a node is called in the editor and in what is sent. */
export function titleOf(document: Document, definitions: Definitions, node: GraphNode): string {
  if (node.title) return node.title
  const subgraph = document.subgraphs.get(node.type)
  if (subgraph !== undefined) return subgraph.name || node.type
  return definitionOf(definitions, node.type)?.title ?? node.type
}

/** Tells whether a node is one that only the editor knows. */
export function isVirtual(node: GraphNode): boolean {
  return VIRTUAL.has(node.type)
}
