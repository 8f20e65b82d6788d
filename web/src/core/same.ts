/** Telling whether two documents hold the same, however they came about. */

import type { Document, Graph } from './document'

/**
 * Tells whether nothing that a person made differs: what was changed and taken back holds the very values of before,
 * so values are compared by identity, which is quick. The highest ids that were ever given are no difference.
 */
export function sameDocument(one: Document, other: Document): boolean {
  if (one === other) return true
  return (
    one.version === other.version &&
    one.extra === other.extra &&
    sameGraph(one.root, other.root) &&
    sameMap(one.subgraphs, other.subgraphs, sameGraph)
  )
}

/** The maps of a graph are compared entry by entry; all else it has, a subgraph's name and borders too, as it is. */
function sameGraph(one: Graph, other: Graph): boolean {
  return one === other || sameMap(partsOf(one), partsOf(other), samePart)
}

const partsOf = (graph: Graph): ReadonlyMap<string, unknown> => new Map(Object.entries(graph))

function samePart(one: unknown, other: unknown): boolean {
  return one === other || (one instanceof Map && other instanceof Map && sameMap(one, other))
}

function sameMap<K, V>(
  one: ReadonlyMap<K, V>,
  other: ReadonlyMap<K, V>,
  same: (one: V, other: V) => boolean = Object.is,
): boolean {
  if (one === other) return true
  if (one.size !== other.size) return false
  for (const [key, value] of one) {
    const there = other.get(key)
    if (there === undefined || !same(value, there)) return false
  }
  return true
}
