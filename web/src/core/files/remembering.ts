/** Writing a document again and again while it is changed: what did not change since is not written anew. */

import type { Document, Graph, GraphNode, Link } from '../document'
import { EMPTY, type Json, writeJson } from '../json'
import { ANEW, documentJson, type Parts } from './writing'

export interface Writer {
  /** Returns what `writeDocument` does. */
  readonly text: (document: Document) => string
  /** Writes parts beforehand while there is time; returns whether there was enough. `left` tells milliseconds. */
  readonly prepare: (document: Document, left: () => number) => boolean
}

/** Milliseconds that a part may take. */
const PART = 1

/** A node or a link; `place` is what else it is written by: its number among new nodes, or whether links are objects. */
interface Part {
  readonly one: GraphNode | Link
  readonly place: number | boolean
  readonly make: () => Json
}

/** Returns a writer; it remembers parts no longer than they are in use. */
export function createWriter(): Writer {
  const written = new WeakMap<Part['one'], { readonly json: Json; readonly place: Part['place'] }>()
  const texts = new WeakMap<object, string>()
  const whole = new WeakMap<Document, string>()

  function isThere({ one, place }: Part): boolean {
    return written.get(one)?.place === place
  }
  function made(part: Part): Json {
    const before = written.get(part.one)
    if (before?.place === part.place) return before.json
    const json = part.make()
    written.set(part.one, { json, place: part.place })
    if (typeof json === 'object' && json !== null) texts.set(json, writeJson(json))
    return json
  }
  const parts: Parts = {
    node: (node, order) => made(nodePart(node, order)),
    link: (link, objects) => made(linkPart(link, objects)),
  }
  return {
    text(document) {
      const before = whole.get(document)
      if (before !== undefined) return before
      const text = writeJson(documentJson(document, parts), 0, (given) => texts.get(given))
      whole.set(document, text)
      return text
    },
    prepare(document, left) {
      for (const part of partsOf(document)) {
        if (isThere(part)) continue
        if (left() < PART) return false
        made(part)
      }
      return true
    },
  }
}

const nodePart = (node: GraphNode, order: number): Part => ({
  one: node,
  place: node.raw === EMPTY ? order : 0, // only nodes that never were in a file are written by where they come
  make: () => ANEW.node(node, order),
})

const linkPart = (link: Link, objects: boolean): Part => ({
  one: link,
  place: objects,
  make: () => ANEW.link(link, objects),
})

function* partsOf(document: Document): Generator<Part> {
  yield* within(document.root, document.version === '1.0')
  for (const subgraph of document.subgraphs.values()) yield* within(subgraph, true)
}

function* within(graph: Graph, objects: boolean): Generator<Part> {
  let order = 0
  for (const node of graph.nodes.values()) {
    yield nodePart(node, order)
    order += 1
  }
  for (const link of graph.links.values()) yield linkPart(link, objects)
}
