/** Views that show boxes of a graph: all of them, or where they are wide, their beginning at a size to be read. */

import { boxAround } from '../../core/commands/nodes'
import type { Box, Size, View } from '../../core/document'
import { LEAST_ZOOM } from './kinds'

/** The part of the window's sides that is left free, and the zoom that a view that shows things whole has at most. */
const RIM = 0.06
const MOST = 1

/** The zoom below which text can't be read well, and the pixels that are left free before what is shown first. */
const LEGIBLE = 0.45
const BEFORE = 24

/** Returns the view that shows boxes whole; null for none. */
export function fitting(boxes: readonly Box[], room: Size): View | null {
  const around = boxAround(boxes)
  if (around === undefined || room.width === 0 || room.height === 0) return null
  const scale = Math.max(LEAST_ZOOM, Math.min(MOST, wholeScale(around, room)))
  return { x: centred(around.x, around.width, room.width, scale), y: inMiddle(around, room, scale), scale }
}

/**
 * Returns the view that a graph is first shown in: whole, or where its texts would be too small so, from its left
 * side on, and from the uppermost of what is seen there.
 */
export function opening(boxes: readonly Box[], room: Size): View | null {
  const whole = fitting(boxes, room)
  const around = boxAround(boxes)
  if (whole === null || around === undefined || whole.scale >= LEGIBLE) return whole
  const scale = LEGIBLE
  const wide = around.width * scale + 2 * BEFORE > room.width
  const x = wide ? BEFORE - around.x * scale : centred(around.x, around.width, room.width, scale)
  const right = (room.width - x) / scale
  const seen = boxAround(boxes.filter((box) => box.x < right)) ?? around
  const tall = seen.height * scale + 2 * BEFORE > room.height
  return { x, y: tall ? BEFORE - seen.y * scale : inMiddle(seen, room, scale), scale }
}

/** The zoom that shows a box whole. */
function wholeScale({ width, height }: Size, room: Size): number {
  const free = 1 - 2 * RIM
  return Math.min((room.width * free) / Math.max(1, width), (room.height * free) / Math.max(1, height))
}

const centred = (start: number, length: number, room: number, scale: number): number =>
  room / 2 - (start + length / 2) * scale

const inMiddle = ({ y, height }: Box, room: Size, scale: number): number =>
  centred(y, height, room.height, scale)
