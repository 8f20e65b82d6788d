/** From the editor's file, version 0.4 or 1.0, to a document; says all that can't be read, and where. */

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
import { asNumber, asText, EMPTY, isList, isObject, type Json, type JsonObject } from '../json'
import { typeName } from '../objectInfo'
import { type Problem, pointer, problem, WorkflowError } from '../problems'
import { box, identity, inside, point, size, slotNumber, textOrNull, values } from './fields'

type Place = readonly (string | number)[]

/** Reads what an editor saved. Raises `WorkflowError` with all problems of form. */
export function readDocument(saved: JsonObject): Document {
  const problems: Problem[] = []
  const reader = readerOf(problems)
  const found = reader.graph(saved, [])
  const subgraphs = new Map<GraphId, Subgraph>()
  const waiting: [JsonObject, GraphId, Place][] = [[saved, ROOT, []]]
  for (const [holder, id, place] of waiting) {
    const list = reader.list(inside(holder, 'definitions'), 'subgraphs', [...place, 'definitions'])
    for (const [number, entry] of list.entries()) {
      const here = [...place, 'definitions', 'subgraphs', number]
      const name = isObject(entry) ? entry.get('id') : undefined
      if (!isObject(entry)) reader.wrong(here, 'a subgraph', 'an object', entry)
      else if (typeof name === 'string' && !subgraphs.has(name)) {
        subgraphs.set(name, reader.subgraph(entry, name, id, here))
        waiting.push([entry, name, here])
      }
    }
  }
  if (problems.length > 0) throw new WorkflowError(problems)
  const version = (asNumber(saved.get('version')) ?? 0.4) >= 1 ? '1.0' : '0.4'
  const extra = inside(saved, 'extra')
  const last = version === '1.0' ? inside(saved, 'state') : saved
  const keys = version === '1.0' ? ['lastNodeId', 'lastLinkId'] : ['last_node_id', 'last_link_id']
  const [lastNodeId = 0, lastLinkId = 0] = keys.map((key) => slotNumber(last.get(key)))
  const root = version === '1.0' ? found : withReroutes(found, extra)
  return { version, root, subgraphs, extra, lastNodeId, lastLinkId }
}

/** Version 0.4 keeps the reroutes of links in `extra`. */
function withReroutes(graph: Graph, extra: JsonObject): Graph {
  const parents = parentsOf(extra)
  const links = [...graph.links].map(([id, link]): [string, Link] => [
    id,
    { ...link, reroute: parents.get(id) ?? link.reroute },
  ])
  return { ...graph, links: new Map(links), reroutes: reroutesOf(extra.get('reroutes')) }
}

/** Returns the reroute that each link passes last, by the link's id, as version 0.4 says it. */
export function parentsOf(extra: JsonObject): ReadonlyMap<string, string> {
  const found = new Map<string, string>()
  const said = extra.get('linkExtensions')
  for (const one of isList(said) ? said : []) {
    const link = isObject(one) ? identity(one.get('id')) : undefined
    const parent = isObject(one) ? identity(one.get('parentId')) : undefined
    if (link !== undefined && parent !== undefined) found.set(link, parent)
  }
  return found
}

export function reroutesOf(given: Json | undefined): ReadonlyMap<string, Reroute> {
  const found = new Map<string, Reroute>()
  for (const raw of isList(given) ? given : []) {
    const id = isObject(raw) ? identity(raw.get('id')) : undefined
    if (isObject(raw) && id !== undefined) {
      const parent = identity(raw.get('parentId')) ?? null
      found.set(id, { id, pos: point(raw.get('pos')), parent, links: idList(raw.get('linkIds')), raw })
    }
  }
  return found
}

export function idList(given: Json | undefined): readonly string[] {
  return isList(given) ? given.flatMap((one) => identity(one) ?? []) : []
}

export interface Ends {
  readonly id: string
  readonly origin: string
  readonly originSlot: number
  readonly target: string
  readonly targetSlot: number
  readonly type: string
}

const ENDS = ['id', 'origin_id', 'origin_slot', 'target_id', 'target_slot', 'type']

/** Reads a link, a list or an object; null for one that leads nowhere, undefined for what is none. */
export function endsOf(entry: Json | undefined): Ends | null | undefined {
  if (entry === null) return null
  const said = isObject(entry) ? ENDS.map((key) => entry.get(key)) : isList(entry) ? entry : []
  if (!isObject(entry) && said.length < 5) return undefined
  const ends = said.slice(0, 5)
  if (ends[0] != null && ends.some((one) => one == null)) return null
  const [id, origin, target] = [identity(ends[0]), identity(ends[1]), identity(ends[3])]
  const [originSlot, targetSlot] = [slotNumber(ends[2]), slotNumber(ends[4])]
  if (id === undefined || origin === undefined || target === undefined) return undefined
  if (originSlot === undefined || targetSlot === undefined) return undefined
  return { id, origin, originSlot, target, targetSlot, type: typeName(said[5]) }
}

function shown(given: Json | undefined): string {
  if (given === undefined) return 'nothing'
  if (isObject(given)) return 'an object'
  if (isList(given)) return 'a list'
  return typeof given === 'string' ? JSON.stringify(given.slice(0, 40)) : String(asNumber(given) ?? given)
}

/** Returns functions that read piece by piece and gather what is wrong. */
function readerOf(problems: Problem[]) {
  function wrong(place: Place, what: string, wanted: string, given: Json | undefined, node?: string): void {
    const message = `${what} must be ${wanted}, not ${shown(given)}`
    problems.push(problem('not_ui_format', message, { node: node ?? null, pointer: pointer(...place) }))
  }

  function list(holder: JsonObject, key: string, place: Place): readonly Json[] {
    const found = holder.get(key)
    if (!isList(found) && found != null) wrong([...place, key], `"${key}"`, 'a list', found)
    return isList(found) ? found : []
  }

  function graph(saved: JsonObject, place: Place): Graph {
    const nodes = new Map<string, GraphNode>()
    for (const [number, entry] of list(saved, 'nodes', place).entries()) {
      const here = [...place, 'nodes', number]
      const found = node(entry, here)
      if (found === undefined) continue
      if (nodes.has(found.id)) {
        const message = `two nodes have the id ${found.id}`
        problems.push(problem('not_ui_format', message, { node: found.id, pointer: pointer(...here, 'id') }))
      } else nodes.set(found.id, found)
    }
    const links = new Map<string, Link>()
    const strays = new Map<number, Json>()
    for (const [number, raw] of list(saved, 'links', place).entries()) {
      const ends = endsOf(raw)
      const before = ends ? links.get(ends.id) : undefined
      if (ends === undefined) {
        wrong(
          [...place, 'links', number],
          'a link',
          '[id, source node, output, target node, input, type]',
          raw,
        )
      } else if (ends === null || (before !== undefined && sameEnds(before, ends))) strays.set(number, raw)
      else if (before !== undefined) {
        const message = `two links have the id ${ends.id} and different ends`
        problems.push(problem('not_ui_format', message, { pointer: pointer(...place, 'links', number) }))
      } else {
        const reroute = (isObject(raw) ? identity(raw.get('parentId')) : undefined) ?? null
        links.set(ends.id, { ...ends, reroute, raw })
      }
    }
    const groups = groupsOf(list(saved, 'groups', place))
    return { nodes, links, strays, groups, reroutes: reroutesOf(saved.get('reroutes')), raw: saved }
  }

  function node(entry: Json, place: Place): GraphNode | undefined {
    if (!isObject(entry)) return void wrong(place, 'a node', 'an object', entry)
    const id = identity(entry.get('id'))
    const type = asText(entry.get('type'))
    if (id === undefined) {
      return void wrong([...place, 'id'], 'the id of a node', 'a whole number or text', entry.get('id'))
    }
    if (type === undefined) {
      return void wrong([...place, 'type'], `the type of node ${id}`, 'text', entry.get('type'), id)
    }
    const mode = entry.has('mode') ? slotNumber(entry.get('mode')) : 0
    if (mode === undefined) {
      wrong([...place, 'mode'], `the mode of node ${id}`, 'a number', entry.get('mode'), id)
    }
    const held = entry.get('widgets_values')
    if (held != null && !isList(held) && !isObject(held)) {
      const what = `"widgets_values" of node ${id}`
      wrong([...place, 'widgets_values'], what, 'a list or an object', held, id)
    }
    const flags = inside(entry, 'flags')
    return {
      id,
      type,
      title: textOrNull(entry.get('title')),
      pos: point(entry.get('pos')),
      size: size(entry.get('size')),
      mode: mode ?? 0,
      collapsed: flags.get('collapsed') === true,
      pinned: flags.get('pinned') === true,
      color: textOrNull(entry.get('color')),
      bgcolor: textOrNull(entry.get('bgcolor')),
      inputs: slots(entry, 'inputs', place, id).map((one) => inputSlot(one)),
      outputs: slots(entry, 'outputs', place, id).map((one) => outputSlot(one)),
      values: values(held),
      properties: inside(entry, 'properties'),
      raw: entry,
    }
  }

  function slots(
    saved: JsonObject,
    key: 'inputs' | 'outputs',
    place: Place,
    id: string,
  ): readonly JsonObject[] {
    return list(saved, key, place).flatMap((entry, number) => {
      const here = [...place, key, number]
      const what = `one of the ${key} of node ${id}`
      if (!isObject(entry)) wrong(here, what, 'an object', entry, id)
      else if (key === 'inputs' && typeof entry.get('name') !== 'string') {
        wrong([...here, 'name'], `the name of ${what}`, 'text', entry.get('name'), id)
      } else if (key === 'inputs' && entry.get('link') != null && identity(entry.get('link')) === undefined) {
        wrong([...here, 'link'], `the link at ${what}`, 'the id of a link', entry.get('link'), id)
      } else return [entry]
      return []
    })
  }

  function subgraph(saved: JsonObject, id: GraphId, holder: GraphId, place: Place): Subgraph {
    const border = (key: 'inputs' | 'outputs') => slots(saved, key, place, id).map(borderOf)
    return {
      ...graph(saved, place),
      id,
      name: asText(saved.get('name')) ?? '',
      inputs: border('inputs'),
      outputs: border('outputs'),
      entry: gate(inside(saved, 'inputNode'), '-10'),
      exit: gate(inside(saved, 'outputNode'), '-20'),
      holder,
    }
  }

  return { wrong, list, graph, subgraph }
}

function sameEnds(one: Ends, other: Ends): boolean {
  const keys = ['origin', 'originSlot', 'target', 'targetSlot'] as const
  return keys.every((key) => one[key] === other[key])
}

export function inputSlot(raw: JsonObject): InputSlot {
  const widget = raw.get('widget')
  const name = asText(raw.get('name')) ?? ''
  return {
    name,
    type: typeName(raw.get('type')),
    link: identity(raw.get('link')) ?? null,
    widget: isObject(widget) ? (asText(widget.get('name')) ?? name) : null,
    label: textOrNull(raw.get('label')),
    raw,
  }
}

export function outputSlot(raw: JsonObject): OutputSlot {
  const name = asText(raw.get('name')) ?? ''
  const label = textOrNull(raw.get('label'))
  return { name, type: typeName(raw.get('type')), links: idList(raw.get('links')), label, raw }
}

function borderOf(raw: JsonObject): Border {
  const name = asText(raw.get('name')) ?? ''
  const label = textOrNull(raw.get('label'))
  const id = asText(raw.get('id')) ?? ''
  return { id, name, type: typeName(raw.get('type')), label, links: idList(raw.get('linkIds')), raw }
}

export function gate(raw: JsonObject, usual: string): Gate {
  return { id: identity(raw.get('id')) ?? usual, box: box(raw.get('bounding')), raw }
}

function groupsOf(list: readonly Json[]): ReadonlyMap<string, Group> {
  const found = new Map<string, Group>()
  for (const [number, entry] of list.entries()) {
    const raw = isObject(entry) ? entry : EMPTY
    const said = identity(raw.get('id'))
    const id = said === undefined || found.has(said) ? `#${number}` : said
    found.set(id, {
      id,
      title: asText(raw.get('title')) ?? '',
      box: box(raw.get('bounding')),
      color: textOrNull(raw.get('color')),
      pinned: inside(raw, 'flags').get('pinned') === true,
      raw,
    })
  }
  return found
}
