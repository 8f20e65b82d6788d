/** Ports that a subgraph shows outside: more of them, fewer, other names. All its instances follow. */

import type { Border, GraphNode, OutputSlot, Subgraph } from '../document'
import { graphOf, nodeOf, required } from '../document'
import { EMPTY } from '../json'
import { apply, type Op } from '../operations'
import { type End, Plan, type Scene } from './plan'
import { exposeField, instancesOf, type NewId, uniqueName } from './subgraphs'

/** Leads an input of an inner node out of the subgraph that is being edited. */
export function exposeInput(scene: Scene, to: End, newId: NewId): readonly Op[] {
  const subgraph = edited(scene)
  const found = required(nodeOf(subgraph, to.node).inputs[to.slot], `input ${to.slot}`)
  if (found.widget !== null) return exposeField(scene, to.node, found.widget, newId)
  const name = uniqueName(found.name || found.type, new Set(subgraph.inputs.map((one) => one.name)))
  const plan = new Plan(scene)
  plan.border({ inputs: [...subgraph.inputs, borderOf(newId(), name, found.type)] })
  plan.connect({ node: subgraph.entry.id, slot: subgraph.inputs.length }, to, found.type)
  const shown = { name, type: found.type, link: null, widget: null, label: null, raw: EMPTY }
  return [
    ...plan.ops(),
    ...onInstances(scene, plan, (node) => ({ ...node, inputs: [...node.inputs, shown] })),
  ]
}

/** Leads an output of an inner node out of the subgraph that is being edited. */
export function exposeOutput(scene: Scene, from: End, newId: NewId): readonly Op[] {
  const subgraph = edited(scene)
  const found = required(nodeOf(subgraph, from.node).outputs[from.slot], `output ${from.slot}`)
  const name = uniqueName(found.name || found.type, new Set(subgraph.outputs.map((one) => one.name)))
  const plan = new Plan(scene)
  plan.border({ outputs: [...subgraph.outputs, borderOf(newId(), name, found.type)] })
  plan.connect(from, { node: subgraph.exit.id, slot: subgraph.outputs.length }, found.type)
  const shown: OutputSlot = { name, type: found.type, links: [], label: null, raw: EMPTY }
  return [
    ...plan.ops(),
    ...onInstances(scene, plan, (node) => ({ ...node, outputs: [...node.outputs, shown] })),
  ]
}

/** No longer shows an output of the subgraph that is being edited; its links go, those of all instances too. */
export function hideOutput(scene: Scene, name: string): readonly Op[] {
  const { document, definitions, graph } = scene
  const subgraph = edited(scene)
  const number = subgraph.outputs.findIndex((one) => one.name === name)
  if (number < 0) return []
  const plan = new Plan(scene)
  for (const link of plan.links()) {
    if (link.target !== subgraph.exit.id || link.targetSlot < number) continue
    if (link.targetSlot === number) plan.disconnect(link.id)
    else plan.op({ op: 'link', graph, id: link.id, value: { ...link, targetSlot: link.targetSlot - 1 } })
  }
  const after = apply(document, plan.ops()).document
  const { outputs } = required(after.subgraphs.get(graph), `subgraph ${graph}`)
  plan.border({ outputs: outputs.filter((one) => one.name !== name) })
  const ops: Op[] = [...plan.ops()]
  for (const [where, id] of instancesOf(document, graph)) {
    const outer = new Plan({ document, definitions, graph: where })
    const at = outer.node(id).outputs.findIndex((one) => one.name === name)
    if (at < 0) continue
    for (const link of outer.links()) {
      if (link.origin !== id || link.originSlot < at) continue
      if (link.originSlot === at) outer.disconnect(link.id)
      else
        outer.op({
          op: 'link',
          graph: where,
          id: link.id,
          value: { ...link, originSlot: link.originSlot - 1 },
        })
    }
    const node = outer.node(id)
    outer.put({ ...node, outputs: node.outputs.toSpliced(at, 1) })
    ops.push(...outer.ops())
  }
  return ops
}

function edited({ document, graph }: Scene): Subgraph {
  return required(document.subgraphs.get(graph), `subgraph ${graph}`)
}

const borderOf = (id: string, name: string, type: string): Border => ({
  id,
  name,
  type,
  label: null,
  links: [],
  raw: EMPTY,
})

function onInstances(
  { document, graph }: Scene,
  plan: Plan,
  change: (node: GraphNode) => GraphNode,
): readonly Op[] {
  const after = apply(document, plan.ops()).document
  return instancesOf(document, graph).map(([where, id]): Op => {
    return { op: 'node', graph: where, id, value: change(nodeOf(graphOf(after, where), id)) }
  })
}
