/** What fingers that move do to a view: one moves it, two zoom it, too. What lies under them stays under them. */

import type { Point, View } from '../core/document'

/** Pixels that a finger may move, and milliseconds that it may stay, while it taps. */
export const STILL = 10
export const LONG = 500

/** Milliseconds between the taps of a double one, and pixels between their places. */
const TWICE = 350
const BESIDE = 30

/**
 * Returns the view after fingers moved from places to others, of which there are as many: pixels from the corner of
 * what shows it. `bounded` keeps the scale to what can be shown.
 */
export function carried(
  view: View,
  from: readonly Point[],
  to: readonly Point[],
  bounded: (scale: number) => number,
): View {
  const [was, is] = [spread(from), spread(to)]
  const scale = was > 0 && is > 0 ? bounded((view.scale * is) / was) : view.scale
  const grown = scale / view.scale
  const [before, after] = [middle(from), middle(to)]
  return { x: after.x - (before.x - view.x) * grown, y: after.y - (before.y - view.y) * grown, scale }
}

export interface Tap extends Point {
  /** Milliseconds. */
  readonly time: number
}

/** Tells whether two taps are a double one. */
export function isDouble(one: Tap | null, other: Tap): boolean {
  return one !== null && other.time - one.time <= TWICE && apart(one, other) <= BESIDE
}

export const apart = (one: Point, other: Point): number => Math.hypot(one.x - other.x, one.y - other.y)

function middle(points: readonly Point[]): Point {
  const sum = points.reduce((all, { x, y }) => ({ x: all.x + x, y: all.y + y }), { x: 0, y: 0 })
  return { x: sum.x / points.length, y: sum.y / points.length }
}

/** How far apart the first two are; 0 of one. */
const spread = ([one, other]: readonly Point[]): number =>
  one === undefined || other === undefined ? 0 : apart(one, other)
