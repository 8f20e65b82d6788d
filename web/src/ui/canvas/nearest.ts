/** Which node lies next to another, for the arrow keys. */

import type { Box } from '../../core/document'

export type Direction = 'ArrowLeft' | 'ArrowRight' | 'ArrowUp' | 'ArrowDown'

const STEPS: Readonly<Record<Direction, readonly [number, number]>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
}

export function isDirection(key: string): key is Direction {
  return Object.hasOwn(STEPS, key)
}

/** Returns the next one in a direction: near and little to the side; undefined where there is none. */
export function nearest(
  boxes: ReadonlyMap<string, Box>,
  from: string,
  direction: Direction,
): string | undefined {
  const start = boxes.get(from)
  if (start === undefined) return undefined
  const [dx, dy] = STEPS[direction]
  const [x, y] = middle(start)
  let best: readonly [number, string] | undefined
  for (const [id, box] of boxes) {
    if (id === from) continue
    const [ox, oy] = middle(box)
    const ahead = (ox - x) * dx + (oy - y) * dy
    const aside = Math.abs((ox - x) * dy) + Math.abs((oy - y) * dx)
    if (ahead <= 0) continue
    const cost = ahead + aside * 2
    if (best === undefined || cost < best[0]) best = [cost, id]
  }
  return best?.[1]
}

const middle = ({ x, y, width, height }: Box): readonly [number, number] => [x + width / 2, y + height / 2]
