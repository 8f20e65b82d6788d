/** Where a link really comes from: through reroutes, bypassed nodes, and the borders of subgraphs. */

import { PRIMITIVE, REROUTE, VIRTUAL } from '../definitions'
import type { GraphNode, InputSlot, LinkId } from '../document'
import { MODE } from '../document'
import { isObject, type Json } from '../json'
import { type Problem, problem } from '../problems'
import { compatible } from '../types'
import { idOf, type Placed, type Scope } from './unfolding'

/** What a link brings: an output, or a value in its place. */
export type Source =
  | { readonly kind: 'output'; readonly node: string; readonly slot: number }
  | { readonly kind: 'value'; readonly value: Json }

/** A link in the scope it lies in. */
interface Step {
  readonly scope: Scope
  readonly link: LinkId
}

/** What a link brings, or the link that its source passes on; `otherwise` in place of nothing. */
interface Passed {
  readonly found: Source | null
  readonly next: Step | null
  readonly by: Placed | null
  readonly otherwise: Source | null
}

const NOTHING: Passed = { found: null, next: null, by: null, otherwise: null }

/** Returns what a link brings to an input of the type `wanted`; null for nothing. A circle is added to `problems`. */
export function sourceOf(scope: Scope, link: LinkId, wanted: string, problems: Problem[]): Source | null {
  const passed: Passed[] = []
  const seen = new Map<Scope, Map<LinkId, number>>()
  let found: Source | null = null
  for (let step: Step | null = { scope, link }; step !== null; ) {
    const before = seen.get(step.scope)?.get(step.link)
    if (before !== undefined) {
      problems.push(circle(passed.slice(before)))
      break
    }
    seen.set(step.scope, new Map([...(seen.get(step.scope) ?? []), [step.link, passed.length]]))
    const one = passedBy(step, wanted)
    passed.push(one)
    found = one.found
    step = one.next
  }
  return found ?? passed.findLast((one) => one.otherwise !== null)?.otherwise ?? null
}

/** Says that nodes pass on to each other what none of them makes. */
function circle(passed: readonly Passed[]): Problem {
  const ids = passed.flatMap(({ by }) => (by === null ? [] : [idOf(by.scope, by.node)])).reverse()
  const way = [...ids, ids[0] ?? ''].join(' → ')
  const message = `node ${ids[0]} passes on what it gets, and gets it from itself: ${way}; link one of them to a node that makes something`
  return problem('cycle', message, { node: ids[0] ?? null })
}

/** Goes one step towards what a link brings. */
function passedBy({ scope, link }: Step, wanted: string): Passed {
  const wire = scope.graph.links.get(link)
  if (wire === undefined) return NOTHING
  if (scope.border !== null && wire.origin === scope.border.definition.entry.id) {
    return fromOutside(scope.border, wire.originSlot)
  }
  const node = scope.graph.nodes.get(wire.origin)
  if (node === undefined) return NOTHING
  return { ...NOTHING, ...givenBy(scope, node, wire.originSlot, wanted), by: { scope, node } }
}

/** Returns what a node gives at an output, or the link that it passes on there. */
function givenBy(scope: Scope, node: GraphNode, slot: number, wanted: string): Partial<Passed> {
  if (node.mode === MODE.muted) return {}
  if (node.type === REROUTE) return { next: stepTo(scope, node.inputs[0]) }
  if (node.type === PRIMITIVE) {
    const value = firstValue(node)
    return value === undefined || value === null ? {} : { found: { kind: 'value', value } }
  }
  if (node.mode === MODE.bypassed) return { next: stepTo(scope, bypassSlot(node, slot, wanted)) }
  if (VIRTUAL.has(node.type)) return {}
  const inner = scope.inside.get(node.id)
  if (inner === undefined || inner.border === null) {
    return { found: { kind: 'output', node: idOf(scope, node), slot } }
  }
  const exit = inner.border.definition.exit.id
  for (const link of inner.graph.links.values()) {
    if (link.target === exit && link.targetSlot === slot) return { next: { scope: inner, link: link.id } }
  }
  return {}
}

/** Returns what the first of a node's fields holds; for a primitive that is its value. */
export function firstValue(node: GraphNode): Json | undefined {
  return isObject(node.values) ? node.values.values().next().value : node.values[0]
}

/** Returns what an input of a subgraph gets: a link of its instance, or a value that the instance holds. */
function fromOutside(border: NonNullable<Scope['border']>, number: number): Passed {
  const name = border.definition.inputs[number]?.name
  if (name === undefined) return NOTHING
  const value = border.literals.get(name)
  return {
    found: null,
    next: stepTo(border.outer, border.slots[number]),
    by: { scope: border.outer, node: border.instance },
    otherwise: value === undefined ? null : { kind: 'value', value },
  }
}

function stepTo(scope: Scope, slot: InputSlot | null | undefined): Step | null {
  return slot?.link == null ? null : { scope, link: slot.link }
}

/** Returns the input that a bypassed node passes on at an output, to an input of the type `wanted`. */
export function bypassSlot(node: GraphNode, number: number, wanted: string): InputSlot | undefined {
  const { inputs } = node
  const beside = inputs[number]
  if (wanted === '*' || wanted === '') return beside ?? inputs[0]
  const given = node.outputs[number]?.type ?? '*'
  const both = (slot: InputSlot) => compatible(slot.type, given) && compatible(slot.type, wanted)
  if (beside !== undefined && both(beside)) return beside
  const equal = inputs.find((slot) => slot.type.toLowerCase() === wanted.toLowerCase())
  return equal ?? inputs.find(both)
}
