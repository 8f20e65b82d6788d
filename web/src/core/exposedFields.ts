/** The fields behind what a workflow exposes: where each keeps its value, inside of subgraphs too. */

import { type Definitions, REROUTE, VIRTUAL } from './definitions'
import {
  type Document,
  type Graph,
  type GraphId,
  type GraphNode,
  graphOf,
  type NodeId,
  ROOT,
  type Subgraph,
} from './document'
import { exposedOf, type Input, type Placed, wayOfId } from './exposed'
import { type Field, fieldsOf, OWN } from './fields'
import { type ShownField, shownValues, titleOf } from './widgets'

type FieldName = Pick<Field, 'name' | 'holder'>

/** A field, and what it is called where only some are shown; `runs` is the input that it gives, as it is run. */
export interface ExposedField extends Placed {
  readonly name: string
  readonly runs: Input
  readonly shown: ShownField
}

/** Returns the fields that a document exposes, in its order; those that are linked or gone are left out. */
export function exposedFields(document: Document, definitions: Definitions): readonly ExposedField[] {
  const found = new Map<string, ExposedField>()
  for (const { name, node, input } of exposedOf(document)) {
    const kept = keptAt(document, definitions, { node, input })
    if (kept === undefined) continue
    const { field } = kept.shown
    const id = JSON.stringify([kept.graph, kept.node.id, field.holder, field.name])
    // One field may give the value of several inputs.
    if (!found.has(id)) found.set(id, { ...kept, name, runs: { node, input } })
  }
  return [...found.values()]
}

/** Returns the fields that most people want: texts of several lines, pictures to upload, seeds. */
export function usualFields(document: Document, definitions: Definitions): readonly ExposedField[] {
  return everyField(document, definitions, isUsual).flatMap(({ titles, fields }) =>
    fields.flatMap(({ shown, inputs: [runs], ...placed }) => {
      const { input, name } = shown.field
      if (runs === undefined) return []
      return [{ ...placed, shown, runs, name: `${titles.join(' › ')}: ${input?.label ?? name}` }]
    }),
  )
}

function isUsual({ input }: Field): boolean {
  const widget = input?.widget
  return (
    (widget?.kind === 'text' && widget.multiline) ||
    (widget?.kind === 'combo' && widget.upload !== null) ||
    (widget?.kind === 'int' && widget.control)
  )
}

/** A node with fields that can be exposed; `titles` are those of the instances around it, and its own. */
export interface Fielded {
  /** The id that it runs under, or would. */
  readonly id: string
  readonly titles: readonly string[]
  readonly fields: readonly FieldOf[]
}

export interface FieldOf extends Placed {
  readonly shown: ShownField
  /** What it gives the value of. */
  readonly inputs: readonly Input[]
}

/** Nodes that are looked at: subgraphs inside of each other may unfold to any number. */
const MOST = 5000

/** Returns all fields that keep a value of their own, those inside of subgraphs after their instance's. */
export function everyField(
  document: Document,
  definitions: Definitions,
  wanted: (field: Field) => boolean = () => true,
): readonly Fielded[] {
  const found: Fielded[] = []
  let seen = 0
  function look(
    graph: GraphId,
    path: readonly NodeId[],
    titles: readonly string[],
    types: readonly string[],
  ) {
    for (const node of graphOf(document, graph).nodes.values()) {
      seen += 1
      if (seen > MOST) return
      if (VIRTUAL.has(node.type)) continue
      const [way, named] = [
        [...path, node.id],
        [...titles, titleOf(document, definitions, node)],
      ]
      const fields = shownValues(document, definitions, node).flatMap((shown): FieldOf[] => {
        if (!shown.field.input?.widget || !wanted(shown.field)) return []
        const inputs = inputsOf(document, definitions, way, node, shown.field)
        const [first] = inputs
        const kept = first && keptAt(document, definitions, first)
        return kept?.graph === graph && kept.node === node ? [{ graph, node, shown, inputs }] : []
      })
      if (fields.length > 0) found.push({ id: way.join(':'), titles: named, fields })
      if (document.subgraphs.has(node.type) && !types.includes(node.type))
        look(node.type, way, named, [...types, node.type])
    }
  }
  look(ROOT, [], [], [])
  return found
}

/** Returns the inputs that a field of a node gives the value of, as they run: those of nodes inside of an instance. */
export function inputsOf(
  document: Document,
  definitions: Definitions,
  way: readonly NodeId[],
  node: GraphNode,
  { name, holder }: FieldName,
): readonly Input[] {
  const subgraph = document.subgraphs.get(node.type)
  if (subgraph === undefined) return [{ node: way.join(':'), input: name }]
  const targets: readonly (readonly [GraphNode, string])[] =
    holder === OWN || holder === null
      ? targetsOf(subgraph, subgraph.entry.id, (slot) => subgraph.inputs[slot]?.name === name)
      : [subgraph.nodes.get(holder)].flatMap((inner) => (inner === undefined ? [] : [[inner, name] as const]))
  return targets.flatMap(([inner, input]) => {
    const field = document.subgraphs.has(inner.type)
      ? fieldsOf(document, definitions, inner).find((one) => one.kind === 'value' && one.name === input)
      : { name: input, holder: null }
    return field === undefined ? [] : inputsOf(document, definitions, [...way, inner.id], inner, field)
  })
}

/** Returns the inputs that links of an origin lead to, through reroutes. */
function targetsOf(
  graph: Graph,
  origin: NodeId,
  leaves: (slot: number) => boolean,
): readonly (readonly [GraphNode, string])[] {
  return [...graph.links.values()].flatMap((link): readonly (readonly [GraphNode, string])[] => {
    const target = graph.nodes.get(link.target)
    if (link.origin !== origin || !leaves(link.originSlot) || target === undefined) return []
    if (target.type === REROUTE && target.id !== origin) return targetsOf(graph, target.id, () => true)
    const input = target.inputs[link.targetSlot]?.name
    return input === undefined ? [] : [[target, input]]
  })
}

/** Returns the field that gives an input its value: its own, or one of an instance around it; none for a linked one. */
export function keptAt(
  document: Document,
  definitions: Definitions,
  { node: id, input }: Input,
): (Placed & { readonly shown: ShownField }) | undefined {
  const way = wayOfId(document, id) ?? []
  let wanted: Partial<FieldName> & Pick<FieldName, 'name'> = { name: input }
  for (let at = way.length - 1; at >= 0; at -= 1) {
    const { graph, node } = way[at] as Placed
    if (VIRTUAL.has(node.type)) return undefined
    const shown = shownValues(document, definitions, node).find(
      ({ field }) =>
        field.name === wanted.name && (wanted.holder === undefined || field.holder === wanted.holder),
    )
    const link = node.inputs.find((slot) => slot.name === wanted.name)?.link ?? null
    const outer = way[at - 1]?.node
    const inside = document.subgraphs.get(graph)
    if (link !== null) {
      const border = inside === undefined ? undefined : borderOf(inside, link)
      if (border === undefined) return undefined
      wanted = { name: border, holder: OWN }
    } else if (outer !== undefined && isShownBy(document, definitions, outer, node.id, wanted.name)) {
      wanted = { name: wanted.name, holder: node.id }
    } else return shown === undefined ? undefined : { graph, node, shown }
  }
  return undefined
}

function isShownBy(
  document: Document,
  definitions: Definitions,
  instance: GraphNode,
  inner: NodeId,
  name: string,
): boolean {
  const fields = fieldsOf(document, definitions, instance)
  return fields.some((one) => one.kind === 'value' && one.holder === inner && one.name === name)
}

/** Returns the name of the subgraph's input that a link comes from, through reroutes; undefined for another origin. */
function borderOf(subgraph: Subgraph, id: string): string | undefined {
  const seen = new Set<string>()
  for (let link = subgraph.links.get(id); link !== undefined && !seen.has(link.id); ) {
    seen.add(link.id)
    if (link.origin === subgraph.entry.id) return subgraph.inputs[link.originSlot]?.name
    const origin = subgraph.nodes.get(link.origin)
    if (origin?.type !== REROUTE) return undefined
    link = subgraph.links.get(origin.inputs[0]?.link ?? '')
  }
  return undefined
}
