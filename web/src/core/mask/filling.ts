/** Filling what an outline encloses. */

import { type Area, around, NOWHERE, type Raster, REPAINT } from './raster'

/** From here on a pixel belongs to an outline: less is its soft edge, which is filled too. */
const OUTLINE = 250

/** Repaints all that hangs together with a pixel up to outlines, and returns where. Nothing at an outline itself. */
export function fill({ values, width, height }: Raster, x: number, y: number): Area {
  const start = Math.floor(y) * width + Math.floor(x)
  const outside = x < 0 || y < 0 || x >= width || y >= height
  if (outside || !open(values, start)) return NOWHERE
  let filled = NOWHERE
  const seeds = [start]
  for (let seed = seeds.pop(); seed !== undefined; seed = seeds.pop()) {
    if (!open(values, seed)) continue
    const row = Math.floor(seed / width)
    const [first, past] = [row * width, (row + 1) * width]
    let left = seed
    while (left > first && open(values, left - 1)) left -= 1
    let right = seed + 1
    while (right < past && open(values, right)) right += 1
    values.fill(REPAINT, left, right)
    filled = around(filled, { left: left - first, top: row, right: right - first, bottom: row + 1 })
    for (const next of [-width, width]) {
      if (row + Math.sign(next) < 0 || row + Math.sign(next) >= height) continue
      for (let at = left + next; at < right + next; at += 1) {
        const begins = open(values, at) && (at === left + next || !open(values, at - 1))
        if (begins) seeds.push(at)
      }
    }
  }
  return filled
}

const open = (values: Uint8ClampedArray, at: number): boolean => (values[at] ?? REPAINT) < OUTLINE
