/** What the server says is wrong with a prompt, at the node and the field of the document, with a way out. */

import type { Definitions } from '../definitions'
import { type Document, type GraphId, graphOf, type NodeId, ROOT } from '../document'
import { type Field, fieldsOf } from '../fields'
import { asText, isList, isObject, type Json, type JsonObject } from '../json'
import { verdictOn } from '../validation'
import { shownValues } from '../widgets'
import type { ServerError } from './client'

/** Where a node that ran lies in the document: "12:5" is node 5 of the subgraph that node 12 is an instance of. */
export interface Where {
  readonly graph: GraphId
  readonly node: NodeId
  /** The instances to enter on the way there. */
  readonly path: readonly NodeId[]
}

/** Returns where the node of an execution id lies; undefined for one that the document does not have (any more). */
export function locate(document: Document, id: string): Where | undefined {
  const root = document.root.nodes.has(id)
  if (root) return { graph: ROOT, node: id, path: [] }
  const parts = id.split(':')
  const path: NodeId[] = []
  let graph: GraphId = ROOT
  for (const [at, part] of parts.entries()) {
    const node = graphOf(document, graph).nodes.get(part)
    if (node === undefined) return undefined
    if (at === parts.length - 1) return { graph, node: part, path }
    if (!document.subgraphs.has(node.type)) return { graph, node: part, path } // made while it ran: its maker is shown
    path.push(part)
    graph = node.type
  }
  return undefined
}

/** Something wrong at a node; `fix` is the nearest right value of its field. */
export interface Trouble {
  readonly code: string
  readonly message: string
  /** The id that the node runs under; null for what concerns the whole workflow. */
  readonly id: string | null
  readonly where: Where | null
  readonly input: string | null
  readonly field: Field | null
  readonly fix: Json | undefined
}

/** Reads what a refused prompt says, from either form of answer: ComfyUI's or that of /v1. */
export function problemsOf(
  error: ServerError,
  document: Document,
  definitions: Definitions,
): readonly Trouble[] {
  const body = isObject(error.body) ? error.body : new Map<string, Json>()
  const found = [
    ...nodeTroubles(body.get('node_errors'), document, definitions),
    ...toldTroubles(body.get('problems'), document, definitions),
  ]
  if (found.length > 0) return found
  const said = body.get('error')
  const about = isObject(said) ? said : body
  const message = [asText(about.get('message')) ?? error.message, asText(about.get('details'))]
    .filter((one) => one)
    .join(': ')
  const code = asText(about.get('type')) ?? asText(about.get('code')) ?? 'refused'
  const id = /Node ID '#(.+)'/.exec(message)?.[1] ?? null
  return [trouble(document, definitions, { code, message, id, input: null, nearest: undefined })]
}

/** Reads what is wrong with outputs that will not run, of a prompt that was taken. */
export function nodeTroubles(
  said: Json | undefined,
  document: Document,
  definitions: Definitions,
): readonly Trouble[] {
  return [...(isObject(said) ? said : [])].flatMap(([id, entry]) => {
    const errors = isObject(entry) ? entry.get('errors') : undefined
    return (isList(errors) ? errors : []).flatMap((one) => {
      if (!isObject(one)) return []
      const info = one.get('extra_info')
      const input = (isObject(info) ? asText(info.get('input_name')) : undefined) ?? null
      const text = [asText(one.get('message')), asText(one.get('details'))].filter(
        (part) => part && part !== input,
      )
      const code = asText(one.get('type')) ?? 'refused'
      return [
        trouble(document, definitions, { code, message: text.join(': '), id, input, nearest: undefined }),
      ]
    })
  })
}

/** Reads problems as /v1 tells them. */
export function toldTroubles(
  said: Json | undefined,
  document: Document,
  definitions: Definitions,
): readonly Trouble[] {
  return (isList(said) ? said : []).flatMap((one) => {
    if (!isObject(one)) return []
    const text = (key: string) => asText((one as JsonObject).get(key))
    const facts = {
      code: text('code') ?? 'refused',
      message: text('message') ?? '',
      nearest: text('nearest'),
    }
    return [
      trouble(document, definitions, { ...facts, id: text('node') ?? null, input: text('input') ?? null }),
    ]
  })
}

interface Facts {
  readonly code: string
  readonly message: string
  readonly id: string | null
  readonly input: string | null
  readonly nearest: Json | undefined
}

function trouble(document: Document, definitions: Definitions, { nearest, ...facts }: Facts): Trouble {
  const where = (facts.id === null ? undefined : locate(document, facts.id)) ?? null
  const node = where === null ? undefined : graphOf(document, where.graph).nodes.get(where.node)
  if (node === undefined || facts.input === null) return { ...facts, where, field: null, fix: undefined }
  const field =
    fieldsOf(document, definitions, node).find((one) => one.kind === 'value' && one.name === facts.input) ??
    null
  const widget = field?.input?.widget
  if (field === null || !widget) return { ...facts, where, field, fix: undefined }
  const value = shownValues(document, definitions, node).find((one) => one.field.name === field.name)?.value
  const verdict = value === undefined ? null : verdictOn(value, widget)
  const known = widget.kind === 'combo' && nearest !== undefined && widget.options.includes(nearest)
  return { ...facts, where, field, fix: known ? nearest : verdict?.nearest }
}
