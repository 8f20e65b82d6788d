/** Inputs that are meant to be set from outside, by name: `extra.inkloom.exposed`, a list of {name, node, input}. */

import { type Definitions, VIRTUAL } from './definitions'
import { type Document, type GraphId, type GraphNode, ROOT } from './document'
import { identity, idJson, inside } from './files/fields'
import { asText, EMPTY, isList, isObject, type Json, type JsonObject, withKeys } from './json'
import type { Op } from './operations'
import { type ShownField, shownValues, titleOf } from './widgets'

/** One input; `node` is the id that it runs under ("12:5" inside of a subgraph). Several may share a name. */
export interface Exposed {
  readonly name: string
  readonly node: string
  readonly input: string
}

/** Returns what a document exposes, in its order. Entries that say nothing of the kind are left out. */
export function exposedOf(document: Document): readonly Exposed[] {
  const said = inside(document.extra, 'inkloom').get('exposed')
  return (isList(said) ? said : []).flatMap((one) => {
    if (!isObject(one)) return []
    const [name, node, input] = [asText(one.get('name')), identity(one.get('node')), asText(one.get('input'))]
    return name && node !== undefined && input !== undefined ? [{ name, node, input }] : []
  })
}

/** Returns the graph that an id leads into through instances of subgraphs, and the node there. */
export function placeOfId(
  document: Document,
  id: string,
): { readonly graph: GraphId; readonly node: GraphNode } | undefined {
  const steps = id.split(':')
  let graph = ROOT
  for (const [at, step] of steps.entries()) {
    const node = (graph === ROOT ? document.root : document.subgraphs.get(graph))?.nodes.get(step)
    if (node === undefined) return undefined
    if (at === steps.length - 1) return { graph, node }
    graph = node.type
  }
  return undefined
}

/** A field of the document, and what it is called where only some are shown. */
export interface ExposedField {
  readonly name: string
  readonly id: string
  readonly graph: GraphId
  readonly node: GraphNode
  readonly shown: ShownField
}

/** Returns the fields that a document exposes, in its order; those that are linked or gone are left out. */
export function exposedFields(document: Document, definitions: Definitions): readonly ExposedField[] {
  return exposedOf(document).flatMap(({ name, node: id, input }) =>
    fieldAt(document, definitions, id, input, name),
  )
}

/** Returns the fields that most people want: texts of several lines, pictures to upload, seeds. */
export function usualFields(document: Document, definitions: Definitions): readonly ExposedField[] {
  return [...document.root.nodes.values()].flatMap((node) =>
    shownValues(document, definitions, node).flatMap(({ field }) => {
      const widget = field.input?.widget
      const usual =
        (widget?.kind === 'text' && widget.multiline) ||
        (widget?.kind === 'combo' && widget.upload !== null) ||
        (widget?.kind === 'int' && widget.control)
      const name = `${titleOf(document, definitions, node)}: ${field.input?.label ?? field.name}`
      return usual ? fieldAt(document, definitions, node.id, field.name, name) : []
    }),
  )
}

function fieldAt(
  document: Document,
  definitions: Definitions,
  id: string,
  input: string,
  name: string,
): readonly ExposedField[] {
  const place = placeOfId(document, id)
  if (place === undefined || VIRTUAL.has(place.node.type)) return []
  const shown = shownValues(document, definitions, place.node).find((one) => one.field.name === input)
  const linked = place.node.inputs.some((slot) => slot.name === input && slot.link !== null)
  return shown === undefined || linked ? [] : [{ name, id, ...place, shown }]
}

/** Exposes an input by a name, or no longer with null. */
export function expose(document: Document, node: string, input: string, name: string | null): readonly Op[] {
  const others = exposedOf(document).filter((one) => one.node !== node || one.input !== input)
  const at = exposedOf(document).findIndex((one) => one.node === node && one.input === input)
  const list =
    name === null ? others : others.toSpliced(at < 0 ? others.length : at, 0, { name, node, input })
  return [{ op: 'document', value: { ...fieldsOf(document), extra: withExposed(document.extra, list) } }]
}

/** Returns `extra` with another list of what is exposed. */
export function withExposed(extra: JsonObject, list: readonly Exposed[]): JsonObject {
  const entries = list.map(
    (one): Json =>
      new Map<string, Json>([
        ['name', one.name],
        ['node', idJson(one.node)],
        ['input', one.input],
      ]),
  )
  const held = withKeys(inside(extra, 'inkloom'), { exposed: entries.length > 0 ? entries : undefined })
  return withKeys(extra, { inkloom: held.size > 0 ? held : undefined })
}

/** Returns what each node's `_meta` says that it exposes in API format: {input: name}. */
export function exposedMeta(list: readonly Exposed[], node: string): JsonObject {
  const found = list
    .filter((one) => one.node === node)
    .map(({ input, name }): [string, Json] => [input, name])
  return found.length > 0 ? new Map(found) : EMPTY
}

function fieldsOf({ extra, lastNodeId, lastLinkId }: Document) {
  return { extra, lastNodeId, lastLinkId }
}
