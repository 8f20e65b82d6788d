/** A document as what is sent to be run: API format. It agrees with the server's own conversion, by a test. */

import { type Definitions, definitionOf, PRIMITIVE, presentType, VIRTUAL } from '../definitions'
import type { Document } from '../document'
import { isLive } from '../document'
import { exposedMeta, exposedOf } from '../exposed'
import { asNumber, asText, isList, isObject, type Json, type JsonObject } from '../json'
import { type Problem, problem, WorkflowError } from '../problems'
import { titleOf, valuesByName } from '../widgets'
import { firstValue, sourceOf } from './sources'
import { type Choose, withoutChoices, withTokens } from './texts'
import { idOf, type Placed, placedNodes, type Scope, unfolded, withGroups } from './unfolding'

/** The input whose %tokens% are filled in. */
const FILE_NAME = 'filename_prefix'

/** `now` is for dates in names of files; `choose` draws one of a number of alternatives like {red|blue}. */
export interface Moment {
  readonly now: Date
  readonly choose: Choose
}

/** Nodes by the id that they run under, each {inputs, class_type, _meta}. */
export type Prompt = ReadonlyMap<string, JsonObject>

/**
 * Returns what a document stands for: muted nodes left out, bypassed ones passed through, reroutes, primitives
 * and subgraphs resolved, notes dropped. Raises `WorkflowError` with all problems of form.
 */
export function toPrompt(saved: Document, definitions: Definitions, moment: Moment): Prompt {
  const document = withGroups(saved, definitions)
  const root = unfolded(document, definitions)
  const problems: Problem[] = []
  const placed = [...placedNodes(root)]
  const fieldText = tokens(document, definitions, placed)
  const exposed = exposedOf(document)
  const found = new Map<string, JsonObject>()
  for (const { scope, node } of placed) {
    if (!isLive(node) || VIRTUAL.has(node.type)) continue
    const inputs = fieldValues(document, definitions, { scope, node })
    const known = definitionOf(definitions, node.type)
    for (const slot of node.inputs) {
      const source = slot.link === null ? null : sourceOf(scope, slot.link, slot.type, problems)
      if (source?.kind === 'value') inputs.set(slot.name, source.value)
      if (source?.kind === 'output') inputs.set(slot.name, new Linked(source.node, source.slot))
    }
    const sent = new Map<string, Json>()
    for (const [name, given] of inputs) {
      const widget = known?.inputs.find((one) => one.name === name)?.widget
      if (given instanceof Linked) sent.set(name, [given.node, given.slot])
      else if (typeof given !== 'string' || !known?.inputs.some((one) => one.name === name))
        sent.set(name, boxed(given))
      else if (widget?.kind === 'text' && widget.dynamicPrompts)
        sent.set(name, withoutChoices(given, moment.choose))
      else sent.set(name, name === FILE_NAME ? withTokens(given, fieldText, moment.now) : given)
    }
    const id = idOf(scope, node)
    if (found.has(id))
      problems.push(problem('not_ui_format', `two nodes would run under the id ${id}`, { node: id }))
    const names = exposedMeta(exposed, id)
    const meta = new Map<string, Json>([
      ['title', titleOf(document, definitions, node)],
      ...(names.size > 0 ? ([['exposed', names]] as const) : []),
    ])
    found.set(
      id,
      new Map<string, Json>([
        ['inputs', sent],
        ['class_type', presentType(node.type)],
        ['_meta', meta],
      ]),
    )
  }
  if (problems.length > 0) throw new WorkflowError(problems)
  return found
}

/** An output of a node that runs. */
export interface Given {
  readonly node: string
  readonly slot: number
  readonly type: string
}

/** Returns what an instance of a subgraph gives at its outputs, by the nodes inside of it; nothing for other nodes. */
export function givenBy(saved: Document, definitions: Definitions, id: string): readonly Given[] {
  let scope: Scope | undefined = unfolded(withGroups(saved, definitions), definitions)
  for (const step of id.split(':')) scope = scope?.inside.get(step)
  if (scope === undefined || scope.border === null) return []
  const { exit, outputs } = scope.border.definition
  const { graph } = scope
  return outputs.flatMap(({ type }, slot): Given[] => {
    const link = [...graph.links.values()].find((one) => one.target === exit.id && one.targetSlot === slot)
    const source = link === undefined ? null : sourceOf(scope, link.id, type, [])
    return source?.kind === 'output' ? [{ node: source.node, slot: source.slot, type }] : []
  })
}

/** A link among values, which may be lists of any kind. */
class Linked {
  readonly node: string
  readonly slot: number

  constructor(node: string, slot: number) {
    this.node = node
    this.slot = slot
  }
}

/** A list would be taken for a link, so it is put into an object. */
function boxed(given: Json): Json {
  const ambiguous = isList(given) || (isObject(given) && given.size === 1 && given.has('__value__'))
  return ambiguous ? new Map([['__value__', given]]) : given
}

function fieldValues(
  document: Document,
  definitions: Definitions,
  { scope, node }: Placed,
): Map<string, Json | Linked> {
  const found = new Map<string, Json | Linked>(valuesByName(document, definitions, node))
  for (const [name, value] of scope.fields.get(node.id) ?? []) found.set(name, value)
  return found
}

/** Returns how texts refer to fields: by the name that a node is known by, else by its title. */
function tokens(document: Document, definitions: Definitions, placed: readonly Placed[]) {
  const names = new Map<string, Placed>()
  const titles = new Map<string, Placed>()
  for (const one of placed) {
    const name = asText(one.node.properties.get('Node name for S&R')) ?? ''
    const title = titleOf(document, definitions, one.node)
    if (!names.has(name)) names.set(name, one)
    if (!titles.has(title)) titles.set(title, one)
  }
  return (called: string, field: string): string | undefined => {
    const one = names.get(called) ?? titles.get(called)
    if (one === undefined) return undefined
    if (one.node.type === PRIMITIVE) return field === 'value' ? written(firstValue(one.node)) : undefined
    const value = fieldValues(document, definitions, one).get(field)
    return value instanceof Linked ? undefined : written(value)
  }
}

/** Writes a value as a browser does: true, 8 for 8.0. */
function written(value: Json | undefined): string | undefined {
  if (value === undefined || value === null) return undefined
  if (typeof value === 'string' || typeof value === 'boolean' || typeof value === 'bigint')
    return String(value)
  return asNumber(value)?.toString()
}
