/** Commands on links: connecting, and what becomes of links when nodes go. */

import { REROUTE } from '../definitions'
import type { LinkId, NodeId, RerouteId } from '../document'
import { graphOf, ROOT } from '../document'
import { inputOf } from '../fields'
import { EMPTY } from '../json'
import type { Op } from '../operations'
import { bypassSlot } from '../prompt/sources'
import { compatible } from '../types'
import { type End, Plan, type Scene } from './plan'

/** Why two ports can't be linked; null if they can. */
export type Refusal = 'missing' | 'self' | 'type' | 'cycle'

export function refusal(scene: Scene, from: End, to: End): Refusal | null {
  const plan = new Plan(scene)
  const target = plan.find(to.node)?.inputs[to.slot]?.type ?? exitType(scene, to)
  const origin = plan.find(from.node)?.outputs[from.slot]?.type ?? entryType(scene, from)
  if (target === undefined || origin === undefined) return 'missing'
  if (from.node === to.node) return 'self'
  if (!compatible(origin, target)) return 'type'
  return reaches(scene, to.node, from.node) ? 'cycle' : null
}

function entryType({ document, graph }: Scene, { node, slot }: End): string | undefined {
  const found = graph === ROOT ? undefined : document.subgraphs.get(graph)
  return found?.entry.id === node ? found.inputs[slot]?.type : undefined
}

function exitType({ document, graph }: Scene, { node, slot }: End): string | undefined {
  const found = graph === ROOT ? undefined : document.subgraphs.get(graph)
  return found?.exit.id === node ? found.outputs[slot]?.type : undefined
}

/** Tells whether something that a node makes comes to another, over any number of nodes. */
export function reaches({ document, graph }: Scene, from: NodeId, to: NodeId): boolean {
  const { nodes, links } = graphOf(document, graph)
  const seen = new Set<NodeId>([to])
  const waiting = [to]
  for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
    for (const { link } of nodes.get(id)?.inputs ?? []) {
      const origin = link === null ? undefined : links.get(link)?.origin
      if (origin === undefined || seen.has(origin)) continue
      seen.add(origin)
      waiting.push(origin)
    }
  }
  return seen.has(from)
}

/**
 * Links an output to an input, in the place of what was linked there; `via` is the point that the link branches off
 * at. Raises for what can't be linked.
 */
export function connect(scene: Scene, from: End, to: End, via: RerouteId | null = null): readonly Op[] {
  const why = refusal(scene, from, to)
  if (why !== null) throw new Error(`these ports can't be linked: ${why}`)
  const plan = new Plan(scene)
  plan.connect(from, to, undefined, via)
  return plan.ops()
}

/** Links an output to a field of a node, which becomes an input by that. */
export function connectToField(
  scene: Scene,
  from: End,
  node: NodeId,
  field: string,
  via: RerouteId | null = null,
): readonly Op[] {
  const plan = new Plan(scene)
  const slot = ensureInput(plan, node, field)
  const type = plan.node(node).inputs[slot]?.type ?? '*'
  if (!compatible(plan.typeAt(from), type)) throw new Error("these ports can't be linked: type")
  if (from.node === node) throw new Error("these ports can't be linked: self")
  if (reaches(scene, node, from.node)) throw new Error("these ports can't be linked: cycle")
  plan.connect(from, { node, slot }, undefined, via)
  return plan.ops()
}

/** Returns the number of the input that stands for a field, made if there is none yet. */
export function ensureInput(plan: Plan, id: NodeId, field: string): number {
  const node = plan.node(id)
  const found = node.inputs.findIndex((slot) => slot.name === field)
  if (found >= 0) return found
  const { document, definitions } = plan.scene
  const type = inputOf(document, definitions, node, field)?.type ?? '*'
  plan.put({
    ...node,
    inputs: [...node.inputs, { name: field, type, link: null, widget: field, label: null, raw: EMPTY }],
  })
  return node.inputs.length
}

export function disconnect(scene: Scene, links: Iterable<LinkId>): readonly Op[] {
  const plan = new Plan(scene)
  for (const id of links) plan.disconnect(id)
  return plan.ops()
}

/** Removes nodes; what they would have passed on when bypassed stays linked, unless `heal` is false. */
export function removeNodes(scene: Scene, ids: Iterable<NodeId>, heal = true): readonly Op[] {
  const plan = new Plan(scene)
  const chosen = [...ids]
  for (const id of chosen) {
    if (heal) healAround(plan, id)
    plan.drop(id)
  }
  return plan.ops()
}

function healAround(plan: Plan, id: NodeId): void {
  const node = plan.node(id)
  const outgoing = plan.links().filter((link) => link.origin === id)
  for (const link of outgoing) {
    const target = plan.find(link.target)?.inputs[link.targetSlot]
    const wanted = target?.type ?? link.type
    const passed = node.type === REROUTE ? node.inputs[0] : bypassSlot(node, link.originSlot, wanted)
    const source = plan.link(passed?.link)
    if (source === undefined || source.origin === id || source.origin === link.target) continue
    const from = { node: source.origin, slot: source.originSlot }
    if (!compatible(plan.typeAt(from), wanted)) continue
    plan.disconnect(link.id)
    plan.connect(from, { node: link.target, slot: link.targetSlot })
  }
}
