/** Where something new may lie without covering what is there. */

import type { Box, Point } from '../document'

/** Points that are left between things. */
const GAP = 20

const meet = (one: Box, other: Box): boolean =>
  one.x < other.x + other.width &&
  other.x < one.x + one.width &&
  one.y < other.y + other.height &&
  other.y < one.y + one.height

/** Returns the nearest place straight below (or just) where a box is wanted at which it covers no other. */
export function freeBelow(wanted: Box, taken: readonly Box[]): Point {
  const { x, width, height } = wanted
  let { y } = wanted
  for (const other of taken.toSorted((a, b) => a.y + a.height - (b.y + b.height)))
    if (meet({ x, y, width, height }, other)) y = other.y + other.height + GAP
  return { x, y }
}
