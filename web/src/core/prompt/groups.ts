/** Legacy group nodes made into subgraphs: what of its inner nodes a group shows, and under which names. */

import { type Definitions, definitionOf, VIRTUAL } from '../definitions'
import type { Border, Document, Graph, GraphId, GraphNode, InputSlot, Link, Subgraph } from '../document'
import { ROOT } from '../document'
import { fieldsOfType } from '../fields'
import { identity, inside, slotNumber } from '../files/fields'
import { readDocument } from '../files/reading'
import { asText, EMPTY, isList, isObject, type Json, type JsonObject } from '../json'
import { problem, WorkflowError } from '../problems'

const ENTRY = '-10'
const EXIT = '-20'

/** Marks the input of a group that stands for a field. */
const FIELD: JsonObject = new Map([['widget', true]])

/** Returns the group that an instance's type names, as a subgraph. Raises `WorkflowError` where there is none. */
export function openedGroup(document: Document, definitions: Definitions, type: string): Subgraph {
  const name = type.slice('workflow>'.length)
  const said = inside(document.extra, 'groupNodes').get(name)
  if (!isObject(said)) {
    const message = `there is a group node "${type}", and "extra.groupNodes" has no group "${name}"`
    throw new WorkflowError([problem('missing_subgraph', message)])
  }
  return opened(type, name, sheetOf(said), shownBy(said), definitions)
}

/** Reads the inner nodes, which are known by their place, and their links. */
function sheetOf(group: JsonObject): Graph {
  const nodes = group.get('nodes')
  const numbered = (isList(nodes) ? nodes : []).map(
    (one, at): Json => (isObject(one) ? new Map([...one, ['id', at]]) : one),
  )
  const links = group.get('links')
  const wires = (isList(links) ? links : []).flatMap((one, at): Json[] =>
    isList(one) && one.length >= 4
      ? [[at, one[0] ?? null, one[1] ?? null, one[2] ?? null, one[3] ?? null]]
      : [],
  )
  return readDocument(
    new Map<string, Json>([
      ['nodes', numbered],
      ['links', wires],
    ]),
  ).root
}

interface Shown {
  readonly outside: ReadonlySet<string>
  readonly hidden: ReadonlySet<string>
  readonly renamed: ReadonlyMap<string, string>
}

function shownBy(group: JsonObject): Shown {
  const external = group.get('external')
  const outside = (isList(external) ? external : []).flatMap((one) => {
    const [node, slot] = isList(one) ? one : []
    const index = isObject(node) ? node.get('index') : node
    return node === undefined ? [] : [`output ${identity(index) ?? ''} ${slotNumber(slot) ?? 0}`]
  })
  const hidden = new Set<string>()
  const renamed = new Map<string, string>()
  for (const [node, settings] of inside(group, 'config')) {
    for (const side of ['input', 'output']) {
      for (const [key, said] of isObject(settings) ? inside(settings, side) : []) {
        const name = isObject(said) ? asText(said.get('name')) : undefined
        if (isObject(said) && said.get('visible') === false) hidden.add(`${side} ${node} ${key}`)
        if (side === 'input' && name !== undefined) renamed.set(`input ${node} ${key}`, name)
      }
    }
  }
  return { outside: new Set(outside), hidden, renamed }
}

/** A group shows, node by node, each input that no inner link leads to, and each output that none leaves from. */
function opened(type: GraphId, name: string, sheet: Graph, shown: Shown, definitions: Definitions): Subgraph {
  const linked = new Map([...sheet.links.values()].map((one) => [`${one.target} ${one.targetSlot}`, one.id]))
  const used = new Set([...sheet.links.values()].map((one) => `output ${one.origin} ${one.originSlot}`))
  const links = new Map<string, Link>(sheet.links)
  const nodes = new Map<string, GraphNode>()
  const inputs: Border[] = []
  const outputs: Border[] = []
  const taken = new Set<string>()
  const wire = (id: string, origin: string, originSlot: number, target: string, targetSlot: number): void => {
    links.set(id, { id, origin, originSlot, target, targetSlot, type: '*', reroute: null, raw: null })
  }
  for (const node of sheet.nodes.values()) {
    const slots = allSlots(node, definitions).map((slot, number): InputSlot => {
      const link = linked.get(`${node.id} ${number}`)
      const key = `input ${node.id} ${slot.name}`
      if (link !== undefined || shown.hidden.has(key)) return { ...slot, link: link ?? null }
      const id = `to ${node.id} ${number}`
      wire(id, ENTRY, inputs.length, node.id, number)
      const called = unique(shown.renamed.get(key) ?? slot.name, node, taken)
      inputs.push({
        id: '',
        name: called,
        type: slot.type,
        label: null,
        links: [id],
        raw: slot.widget === null ? EMPTY : FIELD,
      })
      return { ...slot, link: id }
    })
    nodes.set(node.id, { ...node, inputs: slots })
    for (const [number, output] of node.outputs.entries()) {
      const place = `output ${node.id} ${number}`
      if (shown.hidden.has(place) || (used.has(place) && !shown.outside.has(place))) continue
      const id = `from ${node.id} ${number}`
      wire(id, node.id, number, EXIT, outputs.length)
      outputs.push({ id: '', name: output.name, type: output.type, label: null, links: [id], raw: EMPTY })
    }
  }
  const gate = (id: string) => ({ id, box: { x: 0, y: 0, width: 0, height: 0 }, raw: EMPTY })
  return {
    ...sheet,
    nodes,
    links,
    id: type,
    name,
    inputs,
    outputs,
    entry: gate(ENTRY),
    exit: gate(EXIT),
    holder: ROOT,
  }
}

/** Returns the inputs of a node, after them the fields that its file had no inputs for. */
function allSlots(node: GraphNode, definitions: Definitions): readonly InputSlot[] {
  const known = VIRTUAL.has(node.type) ? undefined : definitionOf(definitions, node.type)
  const fields = new Set(known === undefined ? [] : fieldsOfType(known).map((one) => one.name))
  const own = node.inputs.map((slot) => ({
    ...slot,
    widget: slot.widget ?? (fields.has(slot.name) ? slot.name : null),
    link: null,
  }))
  const present = new Set(node.inputs.map((slot) => slot.name))
  const more = (known?.inputs ?? []).filter(({ name }) => fields.has(name) && !present.has(name))
  const made = more.map(({ name, type }) => ({
    name,
    type,
    link: null,
    widget: name,
    label: null,
    raw: EMPTY,
  }))
  return [...own, ...made]
}

/** Returns a name that no other input of the group has: a second one says whose it is. */
function unique(name: string, node: GraphNode, taken: Set<string>): string {
  let found = name
  for (let number = 1; taken.has(found); number += 1) {
    found = `${node.title || node.type} ${name}${number > 1 ? ` ${number}` : ''}`
  }
  taken.add(found)
  return found
}
