/** Subgraphs unfolded: each instance with its own inner nodes, their execution ids, its values for them. */

import type { Definitions } from '../definitions'
import type { Document, Graph, GraphNode, InputSlot, NodeId, Subgraph } from '../document'
import { isLive } from '../document'
import { alignment, type Field, fieldsOf, isGroup, listedFields, OWN } from '../fields'
import { isObject, type Json } from '../json'
import { problem, WorkflowError } from '../problems'
import { openedGroup } from './groups'

/** Nodes that a file may unfold to: a few subgraphs inside of each other, ten times each, make billions. */
export const MOST_NODES = 1_000_000

/** How many subgraphs may lie inside of each other. */
const DEEPEST = 500

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

/**
 * A graph where it is used: the document's own, or the inside of one instance of a subgraph. `prefix` stands
 * before the ids of its nodes. `fields` are values for fields of its nodes that replace the nodes' own;
 * `literals` values for its inputs that are not linked.
 */
export interface Scope {
  readonly graph: Graph
  readonly prefix: string
  readonly border: {
    readonly instance: GraphNode
    readonly definition: Subgraph
    readonly outer: Scope
    readonly slots: readonly (InputSlot | null)[]
    readonly literals: ReadonlyMap<string, Json>
  } | null
  readonly fields: ReadonlyMap<NodeId, ReadonlyMap<string, Json>>
  readonly inside: Map<NodeId, Scope>
}

export interface Placed {
  readonly scope: Scope
  readonly node: GraphNode
}

/** Returns the document with its legacy group nodes as subgraphs. */
export function withGroups(document: Document, definitions: Definitions): Document {
  const subgraphs = new Map(document.subgraphs)
  const waiting: Graph[] = [document.root, ...subgraphs.values()]
  for (const graph of waiting) {
    for (const node of graph.nodes.values()) {
      if (!isLive(node) || subgraphs.has(node.type)) continue
      if (isGroup(node.type)) {
        const found = openedGroup(document, definitions, node.type)
        subgraphs.set(node.type, found)
        waiting.push(found)
      } else if (UUID.test(node.type) && graph === document.root) {
        const message = `node ${node.id} is a subgraph that the file does not define: ${node.type}`
        throw new WorkflowError([problem('missing_subgraph', message, { node: node.id })])
      }
    }
  }
  return subgraphs.size === document.subgraphs.size ? document : { ...document, subgraphs }
}

/** Returns the scope of the document's own nodes, with those inside it. Raises `WorkflowError` for what never ends. */
export function unfolded(document: Document, definitions: Definitions): Scope {
  requireFinite(document)
  const root: Scope = { graph: document.root, prefix: '', border: null, fields: new Map(), inside: new Map() }
  const waiting = [root]
  for (let scope = waiting.pop(); scope !== undefined; scope = waiting.pop()) {
    for (const node of scope.graph.nodes.values()) {
      const definition = document.subgraphs.get(node.type)
      if (definition === undefined || !isLive(node)) continue
      const fields = given(document, definitions, node, scope)
      const literals = fields.get(OWN) ?? new Map()
      fields.delete(OWN)
      const slots = outerSlots(node, definition)
      const border = { instance: node, definition, outer: scope, slots, literals }
      const inner = { graph: definition, prefix: `${idOf(scope, node)}:`, border, fields, inside: new Map() }
      scope.inside.set(node.id, inner)
      waiting.push(inner)
    }
  }
  return root
}

/** Returns the id that a node runs under. */
export function idOf(scope: Scope, node: GraphNode): string {
  return scope.prefix + node.id
}

/** Yields each node with its scope, those inside of an instance where the instance stands. */
export function* placedNodes(scope: Scope): Iterable<Placed> {
  for (const node of scope.graph.nodes.values()) {
    const inner = scope.inside.get(node.id)
    if (inner === undefined) yield { scope, node }
    else yield* placedNodes(inner)
  }
}

/** Returns the instance's inputs in the order of the definition's: by name, one of unknown name by its place. */
function outerSlots(instance: GraphNode, { inputs, id }: Subgraph): readonly (InputSlot | null)[] {
  const outer = instance.inputs
  // The fields of a group are not always among its instance's inputs.
  const plain = outer.filter((slot) => slot.widget === null).values()
  const placed = inputs.map(({ raw }, number) => {
    if (!isGroup(id)) return outer[number] ?? null
    return raw.has('widget') ? null : (plain.next().value ?? null)
  })
  const known = new Set(inputs.map((slot) => slot.name))
  return inputs.map((slot, number) => {
    const found = placed[number] ?? null
    return (
      outer.find((one) => one.name === slot.name) ?? (found === null || known.has(found.name) ? null : found)
    )
  })
}

/** Returns the values that an instance has for fields of its inner nodes, and for its inputs under OWN. */
function given(
  document: Document,
  definitions: Definitions,
  node: GraphNode,
  scope: Scope,
): Map<NodeId, ReadonlyMap<string, Json>> {
  const shown = fieldsOf(document, definitions, node)
  const found: [NodeId, string, Json][] = []
  const add = (field: Field, value: Json | undefined) => {
    if (value !== undefined && field.holder !== null) found.push([field.holder, field.name, value])
  }
  const { values } = node
  if (isObject(values)) for (const field of shown) add(field, values.get(field.name))
  else {
    const listed = listedFields(shown, values.length)
    alignment(listed, values).forEach((place, at) => {
      const field = listed[at]
      const value = values[place]
      if (field?.kind === 'value' && value !== null) add(field, value)
    })
  }
  for (const [name, value] of scope.fields.get(node.id) ?? []) {
    const field = shown.find((one) => one.name === name) // of two fields of one name the first is meant
    if (field !== undefined) add(field, value)
  }
  const fields = new Map<NodeId, Map<string, Json>>()
  for (const [holder, name, value] of found) {
    fields.set(holder, new Map([...(fields.get(holder) ?? []), [name, value]]))
  }
  return fields
}

function requireFinite(document: Document): void {
  const measured = new Map<string, { readonly size: number; readonly depth: number }>()
  const path: string[] = []
  function measure(graph: Graph): { readonly size: number; readonly depth: number } {
    let size = graph.nodes.size
    let depth = 0
    for (const node of graph.nodes.values()) {
      const inner = isLive(node) ? document.subgraphs.get(node.type) : undefined
      if (inner === undefined) continue
      if (path.includes(inner.id)) refuse(`a subgraph contains itself: "${inner.name}"`)
      if (path.length > DEEPEST) refuse(`more than ${DEEPEST} subgraphs lie inside of each other`)
      let known = measured.get(inner.id)
      if (known === undefined) {
        path.push(inner.id)
        known = measure(inner)
        path.pop()
        measured.set(inner.id, known)
      }
      size += known.size
      depth = Math.max(depth, known.depth + 1)
    }
    return { size, depth }
  }
  const { size, depth } = measure(document.root)
  if (size > MOST_NODES)
    refuse(`its subgraphs unfold to ${size.toExponential(2)} nodes; at most ${MOST_NODES} can be run`)
  if (depth > DEEPEST) refuse(`more than ${DEEPEST} subgraphs lie inside of each other`)
}

function refuse(message: string): never {
  throw new WorkflowError([problem('bad_subgraph', message)])
}
