/** What nodes are called, by the ids that they run under. */

import { locate } from './api/errors'
import type { Definitions } from './definitions'
import { type Document, type GraphNode, graphOf } from './document'
import { titleOf } from './widgets'

/** Returns a node; undefined where the document does not have it. */
export function nodeAt(document: Document, id: string): GraphNode | undefined {
  const where = locate(document, id)
  return where && graphOf(document, where.graph).nodes.get(where.node)
}

/** Returns a node's title; its id where the document does not have it. */
export function titleAt(document: Document, definitions: Definitions, id: string): string {
  const node = nodeAt(document, id)
  return node === undefined ? id : titleOf(document, definitions, node)
}
