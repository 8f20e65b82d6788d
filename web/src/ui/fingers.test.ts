import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { Point, View } from '../core/document'
import { apart, carried, isDouble } from './fingers'

const length = fc.double({ min: -2000, max: 2000, noNaN: true })
const point = fc.record({ x: length, y: length })
const view = fc.record({ x: length, y: length, scale: fc.double({ min: 0.02, max: 3, noNaN: true }) })
const free = (scale: number) => scale

/** The point of what is viewed under a point of the screen. */
const under = ({ x, y, scale }: View, at: Point): Point => ({ x: (at.x - x) / scale, y: (at.y - y) / scale })

it('keeps what is under one finger under it, and the zoom', () => {
  fc.assert(
    fc.property(view, point, point, (before, from, to) => {
      const after = carried(before, [from], [to], free)
      expect(after.scale).toBe(before.scale)
      expect(apart(under(after, to), under(before, from))).toBeLessThan(1e-6 / before.scale)
    }),
  )
})

it('keeps what is under two fingers that part or close in under both', () => {
  const parting = fc.double({ min: 0.2, max: 5, noNaN: true })
  fc.assert(
    fc.property(view, point, point, point, parting, (before, one, other, by, factor) => {
      fc.pre(apart(one, other) > 1)
      // The line between them keeps its direction: a view does not turn.
      const to = [one, other].map(({ x, y }) => ({ x: x * factor + by.x, y: y * factor + by.y }))
      const after = carried(before, [one, other], to, free)
      expect(after.scale / before.scale).toBeCloseTo(factor, 6)
      ;[one, other].forEach((from, finger) => {
        const now = under(after, to[finger] ?? from)
        expect(apart(now, under(before, from))).toBeLessThan(1e-3 / before.scale)
      })
    }),
  )
})

it('stays within the bounds of the zoom, and still moves there', () => {
  const bounded = (scale: number) => Math.min(3, scale)
  const before = { x: 0, y: 0, scale: 3 }
  const after = carried(
    before,
    [
      { x: 0, y: 0 },
      { x: 10, y: 0 },
    ],
    [
      { x: 0, y: 5 },
      { x: 40, y: 5 },
    ],
    bounded,
  )
  expect(after).toEqual({ x: 15, y: 5, scale: 3 })
})

it.each([
  [null, false],
  [{ x: 100, y: 100, time: 800 }, true],
  [{ x: 120, y: 110, time: 800 }, true],
  [{ x: 100, y: 100, time: 500 }, false],
  [{ x: 160, y: 100, time: 900 }, false],
])('takes %o and a tap at 100, 100, 1000 ms for a double one: %s', (before, double) => {
  expect(isDouble(before, { x: 100, y: 100, time: 1000 })).toBe(double)
})
