/** One stroke of a brush: it covers each pixel as much as it came near to it, however often it went there. */

import { type Area, around, copyOf, isEmpty, KEEP, NOWHERE, type Raster, REPAINT, within } from './raster'

export interface Brush {
  /** Pixels across. */
  readonly size: number
  /** From 0, soft up to the middle, to 1, a sharp edge. */
  readonly hardness: number
  /** How much of its mark a stroke makes, from 0 to 1. */
  readonly opacity: number
  readonly erases: boolean
}

/** Where the brush is; `pressure`, from 0 to 1, is how much of its size it has there. */
export interface Dab {
  readonly x: number
  readonly y: number
  readonly pressure: number
}

export interface Stroke {
  /** The mask as it was. */
  readonly before: Raster
  /** Goes on to a place, and returns what of the mask changed. */
  readonly to: (dab: Dab) => Area
  /** All that the stroke has touched. */
  readonly touched: () => Area
}

/** Begins a stroke on a mask; nothing changes before it has been somewhere. */
export function beginStroke(raster: Raster, brush: Brush): Stroke {
  const before = copyOf(raster)
  const coverage = new Uint8Array(raster.values.length)
  let last: Dab | null = null
  let touched = NOWHERE
  return {
    before,
    to(dab) {
      const changed = sweep(raster, brush, last ?? dab, dab, before.values, coverage)
      last = dab
      touched = around(touched, changed)
      return changed
    },
    touched: () => touched,
  }
}

const radiusOf = (brush: Brush, dab: Dab): number => Math.max(0.5, (brush.size / 2) * dab.pressure)

/** Covers what lies along the way from one place to another. */
function sweep(
  raster: Raster,
  brush: Brush,
  from: Dab,
  to: Dab,
  before: Uint8ClampedArray,
  coverage: Uint8Array,
): Area {
  const [start, end] = [radiusOf(brush, from), radiusOf(brush, to)]
  const reach = Math.max(start, end) + 1
  const area = within(raster, {
    left: Math.min(from.x, to.x) - reach,
    top: Math.min(from.y, to.y) - reach,
    right: Math.max(from.x, to.x) + reach,
    bottom: Math.max(from.y, to.y) + reach,
  })
  if (isEmpty(area)) return NOWHERE
  const { values, width } = raster
  const [dx, dy] = [to.x - from.x, to.y - from.y]
  const length = dx * dx + dy * dy
  const target = brush.erases ? KEEP : REPAINT
  for (let y = area.top; y < area.bottom; y += 1) {
    for (let x = area.left; x < area.right; x += 1) {
      const [px, py] = [x + 0.5 - from.x, y + 0.5 - from.y]
      const along = length === 0 ? 0 : Math.min(1, Math.max(0, (px * dx + py * dy) / length))
      const radius = start + (end - start) * along
      const distance = Math.hypot(px - dx * along, py - dy * along)
      if (distance >= radius + 0.5) continue
      const covered = Math.round(255 * coverOf(distance, radius, brush.hardness))
      const at = y * width + x
      if (covered <= (coverage[at] ?? 0)) continue
      coverage[at] = covered
      const old = before[at] ?? 0
      values[at] = Math.round(old + ((target - old) * covered * brush.opacity) / 255)
    }
  }
  return area
}

/** Tells how much of a pixel is covered at a distance from the middle: an edge has at least one pixel to fade. */
export function coverOf(distance: number, radius: number, hardness: number): number {
  const edge = Math.max(1, radius * (1 - hardness))
  const part = Math.min(1, Math.max(0, (radius + 0.5 - distance) / edge))
  return part * part * (3 - 2 * part)
}
