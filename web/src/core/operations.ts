/** Operations on a document: each is a value, and applying it gives the one that takes it back. */

import type {
  Document,
  Graph,
  GraphId,
  GraphNode,
  Group,
  GroupId,
  Link,
  LinkId,
  NodeId,
  Reroute,
  RerouteId,
  Subgraph,
} from './document'
import { graphOf, ROOT, required } from './document'
import type { JsonObject } from './json'

/**
 * One thing put in the place of another; null takes it away. `at` is its number in the order of its graph, for
 * what is new there; without it, it comes last.
 */
export type Op =
  | {
      readonly op: 'node'
      readonly graph: GraphId
      readonly id: NodeId
      readonly value: GraphNode | null
      readonly at?: number | undefined
    }
  | {
      readonly op: 'link'
      readonly graph: GraphId
      readonly id: LinkId
      readonly value: Link | null
      readonly at?: number | undefined
    }
  | {
      readonly op: 'group'
      readonly graph: GraphId
      readonly id: GroupId
      readonly value: Group | null
      readonly at?: number | undefined
    }
  | {
      readonly op: 'reroute'
      readonly graph: GraphId
      readonly id: RerouteId
      readonly value: Reroute | null
      readonly at?: number | undefined
    }
  | {
      readonly op: 'subgraph'
      readonly id: GraphId
      readonly value: Subgraph | null
      readonly at?: number | undefined
    }
  | { readonly op: 'border'; readonly id: GraphId; readonly value: SubgraphFields }
  | { readonly op: 'document'; readonly value: DocumentFields }

/** What a subgraph has besides its nodes and links. */
export type SubgraphFields = Pick<Subgraph, 'name' | 'inputs' | 'outputs' | 'entry' | 'exit'>

/** What a document has besides its graphs. */
export interface DocumentFields {
  readonly extra: JsonObject
  readonly lastNodeId: number
  readonly lastLinkId: number
}

/** A document, and the operations that lead back from it, in the order in which to apply them. */
export interface Applied {
  readonly document: Document
  readonly inverse: readonly Op[]
}

type Change = Exclude<Op, { op: 'document' }>

/** What is being made out of a graph: each collection is copied at its first change. */
interface Draft {
  readonly nodes: Collection<GraphNode>
  readonly links: Collection<Link>
  readonly groups: Collection<Group>
  readonly reroutes: Collection<Reroute>
}

interface Collection<T> {
  present: ReadonlyMap<string, T>
  own: boolean
}

/** Applies operations one after the other; each collection is copied once, however many there are. */
export function apply(document: Document, ops: readonly Op[]): Applied {
  let fields: DocumentFields = document
  const subgraphs: Collection<Subgraph> = { present: document.subgraphs, own: false }
  const drafts = new Map<GraphId, Draft>()
  const inverse: Op[] = []

  function draftOf(id: GraphId): Draft {
    const known = drafts.get(id)
    if (known !== undefined) return known
    const graph = graphOf({ ...document, subgraphs: subgraphs.present }, id)
    const made: Draft = {
      nodes: { present: graph.nodes, own: false },
      links: { present: graph.links, own: false },
      groups: { present: graph.groups, own: false },
      reroutes: { present: graph.reroutes, own: false },
    }
    drafts.set(id, made)
    return made
  }
  function settle(id: GraphId): void {
    const draft = drafts.get(id)
    const graph = subgraphs.present.get(id)
    if (draft === undefined || graph === undefined) return
    put(subgraphs, id, { ...graph, ...drawn(draft) })
    drafts.delete(id)
  }
  function change(op: Change): Change {
    switch (op.op) {
      case 'node':
        return { ...op, ...put(draftOf(op.graph).nodes, op.id, op.value, op.at) }
      case 'link':
        return { ...op, ...put(draftOf(op.graph).links, op.id, op.value, op.at) }
      case 'group':
        return { ...op, ...put(draftOf(op.graph).groups, op.id, op.value, op.at) }
      case 'reroute':
        return { ...op, ...put(draftOf(op.graph).reroutes, op.id, op.value, op.at) }
      case 'subgraph':
        settle(op.id)
        return { ...op, ...put(subgraphs, op.id, op.value, op.at) }
      case 'border': {
        const found = required(subgraphs.present.get(op.id), `subgraph ${op.id}`)
        const { name, inputs, outputs, entry, exit } = found
        put(subgraphs, op.id, { ...found, ...op.value })
        return { ...op, value: { name, inputs, outputs, entry, exit } }
      }
    }
  }

  for (const op of ops) {
    if (op.op === 'document') {
      const { extra, lastNodeId, lastLinkId } = fields
      inverse.push({ op: 'document', value: { extra, lastNodeId, lastLinkId } })
      fields = op.value
    } else {
      inverse.push(change(op))
    }
  }
  const root = drafts.get(ROOT)
  for (const id of [...drafts.keys()]) settle(id)
  return {
    document: {
      ...document,
      extra: fields.extra,
      lastNodeId: fields.lastNodeId,
      lastLinkId: fields.lastLinkId,
      root: root === undefined ? document.root : { ...document.root, ...drawn(root) },
      subgraphs: subgraphs.present,
    },
    inverse: inverse.reverse(),
  }
}

function drawn(draft: Draft): Pick<Graph, 'nodes' | 'links' | 'groups' | 'reroutes'> {
  return {
    nodes: draft.nodes.present,
    links: draft.links.present,
    groups: draft.groups.present,
    reroutes: draft.reroutes.present,
  }
}

/** Puts something in its place and returns what puts back what was there before. */
function put<T>(
  held: Collection<T>,
  id: string,
  value: T | null,
  at?: number,
): { value: T | null; at: number | undefined } {
  const before = held.present.get(id)
  if (value === null && before === undefined) return { value: null, at: undefined }
  const copy = held.own ? (held.present as Map<string, T>) : new Map(held.present)
  held.own = true
  if (value === null) {
    const place = [...copy.keys()].indexOf(id)
    const last = place === copy.size - 1
    copy.delete(id)
    held.present = copy
    return { value: before ?? null, at: last ? undefined : place }
  }
  const inMiddle = before === undefined && at !== undefined && at < copy.size
  copy.set(id, value)
  held.present = inMiddle ? movedTo(copy, id, value, at) : copy
  return { value: before ?? null, at: undefined }
}

/** Returns a map with its last entry at another place. */
function movedTo<T>(map: ReadonlyMap<string, T>, id: string, value: T, at: number): Map<string, T> {
  const entries = [...map].slice(0, -1)
  entries.splice(at, 0, [id, value])
  return new Map(entries)
}
