/** Where the parts of a node lie: the one place that knows measures. Drawing and links read it; nothing here draws. */

import type { GraphNode, InputSlot, OutputSlot } from '../../core/document'
import type { ShownField } from '../../core/widgets'

/** Pixels at zoom 1. A file's position is that of a node's body: its header lies above. */
export const HEADER = 30
export const ROW = 22
export const FIELD = 28
export const PADDING = 6
export const LEAST_WIDTH = 180
export const GATE_HEADER = 30

/** Rows that a field of several lines has at least. */
const TEXT_HEIGHT = 84

/** A port; `handle` is its name in the view, `y` the middle of it from the node's upper edge. */
export interface PortPlace {
  readonly handle: string
  readonly name: string
  readonly type: string
  readonly y: number
}

export interface FieldPlace {
  readonly shown: ShownField
  /** The input that the field can be linked through; null where the file does not name it. */
  readonly slot: number | null
  readonly linked: boolean
  readonly y: number
  readonly height: number
}

export interface NodeLayout {
  readonly inputs: readonly PortPlace[]
  readonly outputs: readonly PortPlace[]
  readonly fields: readonly FieldPlace[]
  readonly width: number
  /** What the parts need; a picture comes below it. */
  readonly height: number
  /** What the node's own size leaves below its parts. */
  readonly room: number
}

export const inputHandle = (slot: number): string => `in:${slot}`
export const outputHandle = (slot: number): string => `out:${slot}`
/** The handle of a field that has no input yet. */
export const fieldHandle = (name: string): string => `field:${name}`

/** The number of the port that a gate has for one more. */
export const NEW_SLOT = -1

/** Returns which port a handle is; null for one that is none. */
export function portOf(
  handle: string | null | undefined,
): { readonly side: 'input' | 'output' | 'field'; readonly slot: number; readonly name: string } | null {
  const [side, rest = ''] = [handle?.slice(0, handle.indexOf(':')), handle?.slice(handle.indexOf(':') + 1)]
  if (side === 'field') return { side, slot: -1, name: rest }
  if (rest === 'new') return { side: side === 'in' ? 'input' : 'output', slot: NEW_SLOT, name: '' }
  const slot = Number(rest)
  if (rest === '' || !Number.isInteger(slot)) return null
  if (side === 'in') return { side: 'input', slot, name: '' }
  return side === 'out' ? { side: 'output', slot, name: '' } : null
}

export function layoutOf(node: GraphNode, shown: readonly ShownField[]): NodeLayout {
  const width = Math.max(node.size.width, LEAST_WIDTH)
  if (node.collapsed) return collapsed(node, shown, width)
  const fieldSlots = new Map<string, number>()
  const sockets: (readonly [InputSlot, number])[] = []
  node.inputs.forEach((input, at) => {
    if (input.widget === null) sockets.push([input, at])
    else fieldSlots.set(input.widget, at)
  })
  const rowY = (row: number) => HEADER + PADDING + row * ROW + ROW / 2
  const inputs = sockets.map(([input, at], row) => inputPlace(input, at, rowY(row)))
  const outputs = node.outputs.map((output, at) => outputPlace(output, at, rowY(at)))
  const rows = Math.max(inputs.length, outputs.length)
  let y = HEADER + PADDING + rows * ROW + (rows > 0 ? 2 : 0)
  const tall = shown.filter(isTall)
  const plain = shown.length - tall.length
  const spare = node.size.height + HEADER - y - PADDING - plain * FIELD
  const tallHeight = Math.max(TEXT_HEIGHT, tall.length > 0 ? Math.floor(spare / tall.length) : 0)
  const fields = shown.map((one): FieldPlace => {
    const slot = fieldSlots.get(one.field.name) ?? null
    const linked = slot !== null && node.inputs[slot]?.link !== null
    const height = isTall(one) && !linked ? tallHeight : FIELD
    const place: FieldPlace = { shown: one, slot, linked, y, height }
    y += height
    return place
  })
  const height = Math.max(y + PADDING, HEADER + ROW)
  return { inputs, outputs, fields, width, height, room: Math.max(0, node.size.height + HEADER - height) }
}

/** A reroute that is a node of its own: two ports, nothing else. */
export function knotLayout(node: GraphNode): NodeLayout {
  return {
    inputs: node.inputs.map((input, at) => inputPlace(input, at, KNOT / 2)),
    outputs: node.outputs.map((output, at) => outputPlace(output, at, KNOT / 2)),
    fields: [],
    width: 56,
    height: KNOT,
    room: 0,
  }
}

const KNOT = 26

/** All ports of a node that is folded lie on its header. */
function collapsed(node: GraphNode, shown: readonly ShownField[], width: number): NodeLayout {
  const fields = shown.map((one): FieldPlace => {
    const slot = node.inputs.findIndex((input) => input.widget === one.field.name)
    const linked = node.inputs[slot]?.link != null
    return { shown: one, slot: slot < 0 ? null : slot, linked, y: 0, height: 0 }
  })
  return {
    inputs: node.inputs.flatMap((input, at) =>
      input.widget === null ? [inputPlace(input, at, HEADER / 2)] : [],
    ),
    outputs: node.outputs.map((output, at) => outputPlace(output, at, HEADER / 2)),
    fields,
    width: Math.min(width, 220),
    height: HEADER,
    room: 0,
  }
}

/** Every input that a link may lead to, fields with an input included, by handle. */
export function handlesOf(layout: NodeLayout): readonly PortPlace[] {
  const fields = layout.fields.map((place): PortPlace => {
    const { name, input } = place.shown.field
    const handle = place.slot === null ? fieldHandle(name) : inputHandle(place.slot)
    const y = place.height === 0 ? HEADER / 2 : place.y + Math.min(place.height, FIELD) / 2
    return { handle, name, type: input?.type ?? '*', y }
  })
  return [...layout.inputs, ...fields]
}

function isTall({ field }: ShownField): boolean {
  const widget = field.input?.widget
  return widget?.kind === 'text' && widget.multiline
}

function inputPlace(input: InputSlot, slot: number, y: number): PortPlace {
  return { handle: inputHandle(slot), name: input.label ?? input.name, type: input.type, y }
}

function outputPlace(output: OutputSlot, slot: number, y: number): PortPlace {
  return { handle: outputHandle(slot), name: output.label ?? output.name, type: output.type, y }
}
