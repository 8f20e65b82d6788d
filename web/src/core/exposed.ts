/** Inputs that are meant to be set from outside, by name: `extra.inkloom.exposed`, a list of {name, node, input}. */

import type { Document } from './document'
import { identity, idJson, inside } from './files/fields'
import { asText, EMPTY, isList, isObject, type Json, type JsonObject, withKeys } from './json'
import type { Op } from './operations'

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
