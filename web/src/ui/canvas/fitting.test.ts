import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { Box, Size, View } from '../../core/document'
import { fitting, opening } from './fitting'

const ROOM = { width: 1440, height: 800 }
const WINDOW = fc.record({
  width: fc.integer({ min: 320, max: 3000 }),
  height: fc.integer({ min: 400, max: 2000 }),
})
const boxes = fc.array(
  fc.record({
    x: fc.integer({ min: -5000, max: 5000 }),
    y: fc.integer({ min: -3000, max: 3000 }),
    width: fc.integer({ min: 180, max: 500 }),
    height: fc.integer({ min: 60, max: 600 }),
  }),
  { minLength: 1, maxLength: 12 },
)

/** A box as it lies in the window. */
const onScreen = ({ x, y, scale }: View, box: Box): Box => ({
  x: box.x * scale + x,
  y: box.y * scale + y,
  width: box.width * scale,
  height: box.height * scale,
})

const within = ({ x, y, width, height }: Box, room: Size): boolean =>
  x >= -0.01 && y >= -0.01 && x + width <= room.width + 0.01 && y + height <= room.height + 0.01

it('shows all where that can be read, as fitting does', () => {
  fc.assert(
    fc.property(boxes, WINDOW, (list, room) => {
      const [whole, first] = [fitting(list, room), opening(list, room)]
      if (whole !== null && whole.scale >= 0.45) expect(first).toEqual(whole)
    }),
  )
})

it('never begins smaller than can be read, and with its leftmost box in sight', () => {
  fc.assert(
    fc.property(boxes, WINDOW, (list, room) => {
      const view = opening(list, room)
      if (view === null) throw new Error('there are boxes')
      expect(view.scale).toBeGreaterThanOrEqual(0.45)
      const left = Math.min(...list.map((box) => box.x))
      const begins = list.filter((box) => box.x === left).map((box) => onScreen(view, box))
      expect(Math.min(...begins.map((box) => box.x))).toBeGreaterThanOrEqual(0)
      const shown = list.map((box) => onScreen(view, box)).filter((box) => box.x < room.width)
      expect(Math.min(...shown.map((box) => box.y))).toBeGreaterThanOrEqual(0)
    }),
  )
})

it.each<[string, readonly Box[], Size, string]>([
  ['small', [{ x: 0, y: 0, width: 300, height: 200 }], ROOM, 'all at zoom 1'],
  ['wide', row(12), ROOM, 'the beginning'],
  ['wide, on a phone', row(3), { width: 390, height: 700 }, 'the beginning'],
])('shows of a graph that is %s: %4$s', (_, list, room, what) => {
  const view = opening(list, room)
  const [first] = list
  if (view === null || first === undefined) throw new Error('there are boxes')
  expect(within(onScreen(view, first), room)).toBe(true)
  expect(list.every((box) => within(onScreen(view, box), room))).toBe(what.startsWith('all'))
})

it('begins with what is uppermost on the left, not with what is high above on the right', () => {
  const list = [...row(8), { x: 6000, y: -4000, width: 300, height: 200 }]
  const view = opening(list, ROOM)
  expect(view === null ? null : within(onScreen(view, list[0] as Box), ROOM)).toBe(true)
})

it('has no view of nothing', () => {
  expect(opening([], ROOM)).toBe(null)
  expect(fitting([], ROOM)).toBe(null)
})

function row(count: number): readonly Box[] {
  return Array.from({ length: count }, (_, at) => ({ x: at * 400, y: 0, width: 300, height: 400 }))
}
