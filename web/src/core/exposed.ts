/** Inputs that are meant to be set from outside, by name: `extra.inkloom.exposed`, a list of {name, node, input}. */

import { type Document, type GraphId, type GraphNode, type NodeId, ROOT } from './document'
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

/** A node in its graph, on the way to one that lies inside of subgraphs. */
export interface Placed {
  readonly graph: GraphId
  readonly node: GraphNode
}

/** Returns the nodes that an id leads to one after the other: instances of subgraphs, and the node itself last. */
export function wayOfId(document: Document, id: string): readonly Placed[] | undefined {
  const way: Placed[] = []
  let graph = ROOT
  for (const step of stepsOf(document, id)) {
    const node = (graph === ROOT ? document.root : document.subgraphs.get(graph))?.nodes.get(step)
    if (node === undefined) return undefined
    way.push({ graph, node })
    graph = node.type
  }
  return way
}

/** A node of a workflow that was flattened before has its path in its own id. */
function stepsOf(document: Document, id: string): readonly NodeId[] {
  return document.root.nodes.has(id) ? [id] : id.split(':')
}

/** An input by the id that its node runs under. */
export type Input = Omit<Exposed, 'name'>

const same = (one: Input, other: Input): boolean => one.node === other.node && one.input === other.input

/** Exposes inputs, which get the same value, by a name; or no longer with null. */
export function expose(document: Document, inputs: readonly Input[], name: string | null): readonly Op[] {
  const list = exposedOf(document)
  const isOne = (one: Input) => inputs.some((input) => same(one, input))
  const others = list.filter((one) => !isOne(one))
  const at = list.findIndex(isOne)
  const more = name === null ? [] : inputs.map(({ node, input }) => ({ name, node, input }))
  return withList(document, others.toSpliced(at < 0 ? others.length : at, 0, ...more))
}

/** Returns a name that nothing is exposed by yet: one name for two fields would mean one value for both. */
export function freeName(document: Document, wanted: string): string {
  const taken = new Set(exposedOf(document).map((one) => one.name))
  let found = wanted
  for (let number = 2; taken.has(found); number += 1) found = `${wanted} ${number}`
  return found
}

/**
 * Gives what is exposed in a graph its new ids. `rename` is given the steps from that graph on to a node, and returns
 * those in their place, or null for the same.
 */
export function renamed(
  document: Document,
  graph: GraphId,
  rename: (steps: readonly NodeId[]) => readonly NodeId[] | null,
): readonly Op[] {
  const list = exposedOf(document)
  const now = list.map((one) => {
    const way = wayOfId(document, one.node) ?? []
    const at = way.findIndex((step) => step.graph === graph)
    const steps = way.map((step) => step.node.id)
    const found = at < 0 ? null : rename(steps.slice(at))
    return found === null ? one : { ...one, node: [...steps.slice(0, at), ...found].join(':') }
  })
  return now.every((one, at) => one === list[at]) ? [] : withList(document, now)
}

function withList({ extra, lastNodeId, lastLinkId }: Document, list: readonly Exposed[]): readonly Op[] {
  return [{ op: 'document', value: { extra: withExposed(extra, list), lastNodeId, lastLinkId } }]
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
