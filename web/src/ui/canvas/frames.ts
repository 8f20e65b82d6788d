/** What lies on the canvas besides nodes: groups, the gates of a subgraph, points that links are led through. */

import type { Gate, Group, Reroute } from '../../core/document'
import { bound, type FlowInput, PORT } from './flowInput'
import { GATE_HEADER, inputHandle, outputHandle, ROW } from './geometry'
import { type FlowNode, type GateNode, type GroupNode, groupId, type PointNode, pointId } from './kinds'

export const GATE_WIDTH = 150
export const POINT = 14
/** Pixels from a point to the port beside it that links branch off at. */
const BRANCH = 10

/** The port of a gate at which a link makes a new input, or output, of the subgraph. */
export const NEW = 'new'

/** Returns what makes them and remembers them. */
export function framesOf(): (input: FlowInput) => readonly FlowNode[] {
  const kept = new Map<string, { readonly parts: readonly unknown[]; readonly made: FlowNode }>()

  function remembered<N extends FlowNode>(id: string, parts: readonly unknown[], make: () => N): N {
    const before = kept.get(id)
    if (before?.parts.every((part, at) => part === parts[at])) return before.made as N
    const made = make()
    kept.set(id, { parts, made })
    return made
  }
  return (input) => {
    const { graph, subgraph, selection, moved, measured, t } = input
    const groups = [...graph.groups.values()].map((group) => {
      const id = groupId(group.id)
      const at = moved.groups.get(group.id)
      const selected = selection.groups.has(group.id)
      return remembered(id, [group, at, selected, t], () =>
        groupNode(id, at === undefined ? group : { ...group, box: { ...group.box, ...at } }, selected, input),
      )
    })
    const points = [...graph.reroutes.values()].map((point) => {
      const id = pointId(point.id)
      const at = moved.reroutes.get(point.id)
      const selected = selection.reroutes.has(point.id)
      const type = graph.links.get(point.links[0] ?? '')?.type ?? '*'
      return remembered(id, [point, at, selected, type, t], () =>
        pointNode(id, at === undefined ? point : { ...point, pos: at }, type, selected, input),
      )
    })
    if (subgraph === null) return [...groups, ...points]
    const gates = (['entry', 'exit'] as const).map((side) => {
      const gate = subgraph[side]
      const borders = side === 'entry' ? subgraph.inputs : subgraph.outputs
      const at = moved.gates.get(side)
      const size = measured.get(gate.id)
      return remembered(gate.id, [gate, borders, at, size, t], () =>
        gateNode(side, at === undefined ? gate : { ...gate, box: { ...gate.box, ...at } }, borders, input),
      )
    })
    return [...groups, ...gates, ...points]
  }
}

function groupNode(id: string, group: Group, selected: boolean, { t }: FlowInput): GroupNode {
  const { x, y, width, height } = group.box
  return {
    id,
    type: 'group',
    position: { x, y },
    width,
    height,
    measured: { width, height },
    data: { group },
    selected,
    ...(group.pinned ? { draggable: false } : {}),
    dragHandle: '.group-header',
    zIndex: -1,
    connectable: false,
    handles: [],
    ariaLabel: t('group.aria', { title: group.title }),
  }
}

function pointNode(id: string, point: Reroute, type: string, selected: boolean, { t }: FlowInput): PointNode {
  const { x, y } = point.pos
  const size = { width: POINT, height: POINT }
  return {
    id,
    type: 'point',
    position: { x: x - POINT / 2, y: y - POINT / 2 },
    ...size,
    measured: size,
    data: { point, type },
    selected,
    zIndex: 1, // small as it is, it would be lost below a node
    handles: [bound(outputHandle(0), 'source', POINT + BRANCH - PORT / 2, POINT / 2)],
    ariaLabel: t('reroute.aria', { type }),
  }
}

/** Takes the view's place of a point back to the file's. */
export const pointPosition = ({ x, y }: { readonly x: number; readonly y: number }) => ({
  x: x + POINT / 2,
  y: y + POINT / 2,
})

/** The middle of a gate's port, from its upper edge. */
export const gateY = (row: number): number => GATE_HEADER + row * ROW + ROW / 2

function gateNode(
  side: 'entry' | 'exit',
  gate: Gate,
  borders: GateNode['data']['borders'],
  { t }: FlowInput,
): GateNode {
  const entry = side === 'entry'
  const title = t(entry ? 'subgraph.inputs' : 'subgraph.outputs')
  const height = gateY(borders.length) + ROW / 2 + 6
  const handle = entry ? outputHandle : inputHandle
  const type = entry ? ('source' as const) : ('target' as const)
  const x = entry ? GATE_WIDTH - 5 : -5
  return {
    id: gate.id,
    type: 'gate',
    position: { x: gate.box.x, y: gate.box.y },
    width: GATE_WIDTH,
    height,
    measured: { width: GATE_WIDTH, height },
    data: { side, title, borders },
    selectable: false,
    dragHandle: '.gate-header',
    ariaLabel: title,
    handles: [
      ...borders.map((_, at) => bound(handle(at), type, x, gateY(at))),
      bound(`${entry ? 'out' : 'in'}:${NEW}`, type, x, gateY(borders.length)),
    ],
  }
}
