/** A field made into a node of its own, that others can be linked to; and back. */

import { PRIMITIVE } from '../definitions'
import type { NodeId, Point } from '../document'
import type { Op } from '../operations'
import { firstValue } from '../prompt/sources'
import { shownValues, withValue } from '../widgets'
import { newNode } from './create'
import { ensureInput } from './links'
import { Plan, type Scene } from './plan'

/** Puts a primitive before a field; it holds the field's value from then on. */
export function toPrimitive(scene: Scene, id: NodeId, field: string, pos: Point): readonly Op[] {
  const plan = new Plan(scene)
  const { document, definitions } = scene
  const shown = shownValues(document, definitions, plan.node(id)).find((one) => one.field.name === field)
  const slot = ensureInput(plan, id, field)
  const type = plan.node(id).inputs[slot]?.type ?? '*'
  const made = newNode(scene, plan.newNodeId(), PRIMITIVE, pos)
  const word = shown?.control == null ? [] : [shown.control]
  const outputs = made.outputs.map((one) => ({ ...one, name: type, type }))
  plan.put({ ...made, outputs, values: [shown?.value ?? null, ...word] })
  plan.connect({ node: made.id, slot: 0 }, { node: id, slot }, type)
  return plan.ops()
}

/** Removes a primitive; the fields that it was linked to hold its value. */
export function fromPrimitive(scene: Scene, id: NodeId): readonly Op[] {
  const plan = new Plan(scene)
  const value = firstValue(plan.node(id))
  const links = plan.links().filter((one) => one.origin === id)
  plan.drop(id)
  for (const link of links) {
    const node = plan.find(link.target)
    const name = node?.inputs[link.targetSlot]?.name
    if (node === undefined || name === undefined || value === undefined || value === null) continue
    const { document, definitions } = scene
    const field = shownValues(document, definitions, node).find((one) => one.field.name === name)?.field
    if (field !== undefined) plan.put(withValue(document, definitions, node, field, value))
  }
  return plan.ops()
}
