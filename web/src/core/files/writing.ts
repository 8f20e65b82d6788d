/** From a document to the editor's file. What was read and not changed since is written just as it was. */

import type {
  Border,
  Document,
  Gate,
  Graph,
  GraphId,
  GraphNode,
  Group,
  InputSlot,
  Link,
  OutputSlot,
  Reroute,
  Subgraph,
} from '../document'
import { ROOT } from '../document'
import { asText, EMPTY, isList, isObject, type Json, type JsonObject, sameJson, writeJson } from '../json'
import { typeName } from '../objectInfo'
import {
  alike,
  assembled,
  box,
  boxJson,
  identity,
  idJson,
  inside,
  kept,
  point,
  pointJson,
  size,
  sizeJson,
  slotNumber,
  textOrNull,
  values,
} from './fields'
import { endsOf, gate, idList, parentsOf, reroutesOf } from './reading'

/** Writes a document as the text of a file; `indent` spaces for each level. */
export function writeDocument(document: Document, indent = 0): string {
  return writeJson(documentJson(document), indent)
}

/** Makes the many parts of a file: each time anew, or as who remembers them (`remembering.ts`). */
export interface Parts {
  readonly node: (node: GraphNode, order: number) => Json
  /** `objects` in subgraphs, and in version 1.0. */
  readonly link: (link: Link, objects: boolean) => Json
}

export const ANEW: Parts = { node: nodeJson, link: linkJson }

/** Returns a document as JSON, in the version that it says. */
export function documentJson(document: Document, parts: Parts = ANEW): JsonObject {
  const { root, version } = document
  const last: [string, number][] =
    version === '1.0'
      ? [['lastNodeId', document.lastNodeId], ['lastLinkId', document.lastLinkId], ...lastReroute(root)]
      : [
          ['last_node_id', document.lastNodeId],
          ['last_link_id', document.lastLinkId],
        ]
  const counted = (raw: JsonObject) =>
    last.map(([key, value]) => kept(raw, key, value, (given) => slotNumber(given) ?? 0, Number))
  const state = assembled(inside(root.raw, 'state'), counted(inside(root.raw, 'state')))
  return assembled(root.raw, [
    ...(version === '1.0'
      ? ([['state', state.size > 0 ? state : root.raw.get('state')]] as const)
      : counted(root.raw)),
    ...graphEntries(root, version === '1.0', parts),
    ['definitions', definitionsJson(document, ROOT, root.raw, parts)],
    kept(root.raw, 'extra', version === '1.0' ? document.extra : extraJson(document), objectOf, (one) =>
      one.size > 0 ? one : root.raw === EMPTY ? one : undefined,
    ),
    ...(root.raw.has('config') || root.raw !== EMPTY ? [] : ([['config', EMPTY]] as const)),
    ['version', root.raw === EMPTY ? (version === '1.0' ? 1 : 0.4) : root.raw.get('version')],
  ])
}

/** No other program shall give a new point an id that one has; a file without new points stays as it is. */
function lastReroute({ raw, reroutes }: Graph): readonly [string, number][] {
  const said = slotNumber(inside(raw, 'state').get('lastRerouteId')) ?? 0
  const before = Math.max(said, ...numbersOf(reroutesOf(raw.get('reroutes'))))
  const highest = Math.max(0, ...numbersOf(reroutes))
  return highest > before ? [['lastRerouteId', highest]] : []
}

const numbersOf = (named: ReadonlyMap<string, unknown>): readonly number[] =>
  [...named.keys()].map(Number).filter(Number.isSafeInteger)

const objectOf = (given: Json | undefined): JsonObject => (isObject(given) ? given : EMPTY)

/** Version 0.4 keeps the reroutes of links in `extra`. */
function extraJson({ extra, root }: Document): JsonObject {
  const parents = [...root.links.values()].flatMap(({ id, reroute }): [string, string][] =>
    reroute === null ? [] : [[id, reroute]],
  )
  const before = [...parentsOf(extra)].filter(([link]) => root.links.has(link))
  const same = alike([...before].sort(), [...parents].sort())
  const linked = parents.map(
    ([link, parent]): Json =>
      new Map([
        ['id', idJson(link)],
        ['parentId', idJson(parent)],
      ]),
  )
  return assembled(extra, [
    kept(extra, 'reroutes', root.reroutes, reroutesOf, reroutesJson),
    ['linkExtensions', same ? extra.get('linkExtensions') : linked.length > 0 ? linked : undefined],
  ])
}

function reroutesJson(reroutes: ReadonlyMap<string, Reroute>): Json | undefined {
  const found = [...reroutes.values()].map((one) =>
    assembled(one.raw, [
      kept(one.raw, 'id', one.id, identity, idJsonOf),
      kept(one.raw, 'parentId', one.parent ?? undefined, identity, idJsonOf),
      kept(one.raw, 'pos', one.pos, point, pointJson),
      kept(one.raw, 'linkIds', one.links, idList, (ids) => ids.map(idJson)),
    ]),
  )
  return found.length > 0 ? found : undefined
}

const idJsonOf = (id: string | undefined): Json | undefined => (id === undefined ? undefined : idJson(id))

function graphEntries(graph: Graph, objects: boolean, parts: Parts): [string, Json | undefined][] {
  const links = [...graph.links.values()].map((link) => parts.link(link, objects))
  for (const [at, stray] of [...graph.strays].sort(([one], [other]) => one - other))
    links.splice(at, 0, stray)
  const nodes = [...graph.nodes.values()].map((node, order) => parts.node(node, order))
  const groups = [...graph.groups.values()].map(groupJson)
  const found: [string, Json | undefined][] = [
    ['nodes', nodes],
    ['links', links.length > 0 || graph.raw === EMPTY ? links : blank(graph.raw.get('links'))],
    ['groups', groups.length > 0 || graph.raw === EMPTY ? groups : blank(graph.raw.get('groups'))],
  ]
  const reroutes = objects ? (reroutesJson(graph.reroutes) ?? blank(graph.raw.get('reroutes'))) : undefined
  return objects && reroutes !== undefined ? [...found, ['reroutes', reroutes]] : found
}

/** What stands for nothing: as the file says it where it says so, else an empty list. */
function blank(said: Json | undefined): Json | undefined {
  return isList(said) ? [] : said
}

function nodeJson(node: GraphNode, order: number): JsonObject {
  const { raw } = node
  const flags = inside(raw, 'flags')
  const flag = (key: string, value: boolean) => kept(flags, key, value, (given) => given === true, orNothing)
  const raised = assembled(flags, [flag('collapsed', node.collapsed), flag('pinned', node.pinned)])
  return assembled(raw, [
    kept(raw, 'id', node.id, identity, idJsonOf),
    ['type', node.type],
    kept(raw, 'pos', node.pos, point, pointJson),
    kept(raw, 'size', node.size, size, sizeJson),
    ['flags', sameJson(raised, flags) && raw !== EMPTY ? raw.get('flags') : raised],
    ['order', raw === EMPTY ? order : raw.get('order')],
    kept(raw, 'mode', node.mode, (given) => slotNumber(given) ?? (raw === EMPTY ? -1 : 0), Number),
    listEntry(raw, 'inputs', node.inputs.map(inputJson)),
    listEntry(raw, 'outputs', node.outputs.map(outputJson)),
    kept(raw, 'title', node.title, textOrNull, orUndefined),
    kept(raw, 'properties', node.properties, objectOf, (one) => one),
    kept(raw, 'widgets_values', node.values, values, (one) => one),
    kept(raw, 'color', node.color, textOrNull, orUndefined),
    kept(raw, 'bgcolor', node.bgcolor, textOrNull, orUndefined),
  ])
}

const orNothing = (value: boolean): Json | undefined => (value ? true : undefined)
const orUndefined = (value: string | null): Json | undefined => value ?? undefined

function listEntry(raw: JsonObject, key: string, list: readonly Json[]): [string, Json | undefined] {
  return [key, list.length > 0 || raw === EMPTY ? list : blank(raw.get(key))]
}

function inputJson(slot: InputSlot): JsonObject {
  const { raw } = slot
  return assembled(raw, [
    ['name', slot.name],
    kept(raw, 'type', slot.type, typeName, String),
    kept(raw, 'label', slot.label, textOrNull, orUndefined),
    kept(raw, 'widget', slot.widget, (given) => widgetName(given, slot.name), widgetJson),
    kept(
      raw,
      'link',
      slot.link,
      (given) => identity(given) ?? null,
      (id) => (id === null ? null : idJson(id)),
    ),
    ...(raw.has('link') || slot.link !== null ? [] : ([['link', raw === EMPTY ? null : undefined]] as const)),
  ])
}

function widgetName(given: Json | undefined, name: string): string | null {
  return isObject(given) ? (asText(given.get('name')) ?? name) : null
}

const widgetJson = (name: string | null): Json | undefined =>
  name === null ? undefined : new Map([['name', name]])

function outputJson(slot: OutputSlot): JsonObject {
  const { raw } = slot
  return assembled(raw, [
    raw.has('name') || slot.name !== ''
      ? kept(raw, 'name', slot.name, (given) => asText(given) ?? '', String)
      : ['name', raw === EMPTY ? '' : undefined],
    kept(raw, 'type', slot.type, (given) => (raw === EMPTY ? '' : typeName(given)), String),
    kept(raw, 'label', slot.label, textOrNull, orUndefined),
    ['links', linksJson(raw, slot.links)],
  ])
}

function linksJson(raw: JsonObject, links: readonly string[]): Json | undefined {
  const said = raw.get('links')
  if (raw === EMPTY) return links.map(idJson)
  return alike(idList(said), links) ? said : links.map(idJson)
}

function linkJson(link: Link, objects: boolean): Json {
  const { raw } = link
  const ends = endsOf(raw)
  const { id, origin, originSlot, target, targetSlot, type } = link
  const present = { id, origin, originSlot, target, targetSlot, type }
  const parent = isObject(raw) ? (identity(raw.get('parentId')) ?? null) : link.reroute
  if (ends && alike(ends, present) && (!objects || parent === link.reroute)) return raw
  const more =
    ends && ends.type === type ? (isObject(raw) ? raw.get('type') : isList(raw) ? raw[5] : null) : null
  const list: Json[] = [idJson(id), idJson(origin), originSlot, idJson(target), targetSlot, more ?? type]
  if (!objects && !isObject(raw)) return [...list, ...(isList(raw) ? raw.slice(6) : [])]
  const keys = ['id', 'origin_id', 'origin_slot', 'target_id', 'target_slot', 'type']
  return assembled(isObject(raw) ? raw : EMPTY, [
    ...keys.map((key, at): [string, Json | undefined] => [key, list[at]]),
    ['parentId', objects && link.reroute !== null ? idJson(link.reroute) : undefined],
  ])
}

function groupJson(group: Group): JsonObject {
  const { raw } = group
  const flags = inside(raw, 'flags')
  const pinned = kept(flags, 'pinned', group.pinned, (given) => given === true, orNothing)
  const raised = assembled(flags, [pinned])
  const synthetic = group.id.startsWith('#')
  return assembled(raw, [
    ...(synthetic
      ? []
      : [kept(raw, 'id', group.id, identity as (given: Json | undefined) => string, idJsonOf)]),
    kept(raw, 'title', group.title, (given) => asText(given) ?? '', String),
    kept(raw, 'bounding', group.box, box, boxJson),
    kept(raw, 'color', group.color, textOrNull, orUndefined),
    ['flags', sameJson(raised, flags) ? raw.get('flags') : raised],
  ])
}

function definitionsJson(
  document: Document,
  holder: GraphId,
  raw: JsonObject,
  parts: Parts,
): Json | undefined {
  const own = new Map([...document.subgraphs].filter(([, one]) => one.holder === holder))
  const said = inside(raw, 'definitions').get('subgraphs')
  const written: Json[] = []
  const places = new Map([...own.keys()].map((id) => [id, true]))
  for (const entry of isList(said) ? said : []) {
    const id = isObject(entry) ? entry.get('id') : undefined
    const found = typeof id === 'string' ? own.get(id) : undefined
    if (found !== undefined && places.delete(found.id)) written.push(subgraphJson(document, found, parts))
    else if (typeof id !== 'string' || document.subgraphs.has(id)) written.push(entry)
  }
  for (const id of places.keys()) {
    const found = own.get(id)
    if (found !== undefined) written.push(subgraphJson(document, found, parts))
  }
  if (written.length === 0 && !isList(said)) return raw.get('definitions')
  return assembled(inside(raw, 'definitions'), [['subgraphs', written]])
}

function subgraphJson(document: Document, subgraph: Subgraph, parts: Parts): JsonObject {
  const { raw } = subgraph
  const fresh: [string, Json][] =
    raw === EMPTY
      ? [
          ['version', 1],
          ['revision', 0],
          ['config', EMPTY],
        ]
      : []
  const gateEntry = (key: string, present: Gate, usual: string): [string, Json | undefined] => {
    const before = inside(raw, key)
    const same = alike(gate(before, usual), { ...present, raw: before })
    const written = assembled(present.raw, [
      ['id', idJson(present.id)],
      ['bounding', boxJson(present.box)],
    ])
    return [key, same && raw !== EMPTY ? raw.get(key) : written]
  }
  const borders = (key: string, list: readonly Border[]) => listEntry(raw, key, list.map(borderJson))
  return assembled(raw, [
    ['id', subgraph.id],
    ...fresh,
    kept(raw, 'name', subgraph.name, (given) => asText(given) ?? '', String),
    gateEntry('inputNode', subgraph.entry, '-10'),
    gateEntry('outputNode', subgraph.exit, '-20'),
    borders('inputs', subgraph.inputs),
    borders('outputs', subgraph.outputs),
    ...graphEntries(subgraph, true, parts),
    ['definitions', definitionsJson(document, subgraph.id, raw, parts)],
  ])
}

function borderJson(border: Border): JsonObject {
  const { raw } = border
  return assembled(raw, [
    kept(raw, 'id', border.id, (given) => asText(given) ?? '', String),
    ['name', border.name === '' && !raw.has('name') ? undefined : border.name],
    kept(raw, 'type', border.type, (given) => (raw === EMPTY ? '' : typeName(given)), String),
    kept(raw, 'label', border.label, textOrNull, orUndefined),
    kept(raw, 'linkIds', border.links, idList, (ids) => ids.map(idJson)),
  ])
}
