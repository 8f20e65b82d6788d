/** The way of a link: from port to port in the style that a person chose, through the points that it is led through. */

import type { Point } from '../../core/document'
import type { LinkStyle } from '../../state/settings'

/** The part of the distance that a curve runs level before it bends. */
const BEND = 0.35

/** Returns how far the handles of a curve reach to the side. */
export function reach(dx: number): number {
  return dx >= 0 ? Math.max(16, dx * 0.5) : 16 + BEND * 25 * Math.sqrt(-dx)
}

/** What draws: the path of a canvas, or a text that grows. */
type Pen = Pick<Path2D, 'moveTo' | 'lineTo' | 'bezierCurveTo'>

/** Draws the way on a path of a canvas. */
export function drawWay(
  pen: Pen,
  from: Point,
  to: Point,
  points: readonly Point[] = [],
  style: LinkStyle = 'curve',
): void {
  pen.moveTo(from.x, from.y)
  let last = from
  for (const next of [...points, to]) {
    const by = reach(next.x - last.x)
    if (style === 'curve') pen.bezierCurveTo(last.x + by, last.y, next.x - by, next.y, next.x, next.y)
    else for (const { x, y } of style === 'steps' ? corners(last, next) : [next]) pen.lineTo(x, y)
    last = next
  }
}

/** Points that a way of right angles leaves a port by, and comes to the next from the left. */
const STUB = 16

/** Returns where a way of right angles turns, and its end. */
export function corners(from: Point, to: Point): readonly Point[] {
  if (to.x - from.x >= 2 * STUB || from.y === to.y) {
    const x = (from.x + to.x) / 2
    return [{ x, y: from.y }, { x, y: to.y }, to]
  }
  const [right, left, y] = [from.x + STUB, to.x - STUB, (from.y + to.y) / 2]
  return [{ x: right, y: from.y }, { x: right, y }, { x: left, y }, { x: left, y: to.y }, to]
}

/** Returns the way as the text of an SVG path. */
export function wayText(
  from: Point,
  to: Point,
  points: readonly Point[] = [],
  style: LinkStyle = 'curve',
): string {
  let text = ''
  const pen: Pen = {
    moveTo: (x, y) => {
      text += `M${x},${y}`
    },
    lineTo: (x, y) => {
      text += `L${x},${y}`
    },
    bezierCurveTo: (...[x1, y1, x2, y2, x, y]) => {
      text += `C${x1},${y1} ${x2},${y2} ${x},${y}`
    },
  }
  drawWay(pen, from, to, points, style)
  return text
}
