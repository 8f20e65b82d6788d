import { expect, it } from 'vitest'
import { pressureOf } from './pressure'
import { centred, fitted, onPicture, showing, zoomed } from './view'

const STAGE = { width: 848, height: 448 }
const PICTURE = { width: 200, height: 100 }

it('shows a picture whole and in the middle', () => {
  expect(fitted(PICTURE, STAGE)).toEqual({ x: 24, y: 24, scale: 4 })
  expect(centred(PICTURE, STAGE, 1)).toEqual({ x: 324, y: 174, scale: 1 })
})

it('keeps what is under the pointer where it is, up to the ends of zooming', () => {
  const at = { x: 300, y: 200 }
  for (const factor of [0.001, 0.5, 1.1, 5000]) {
    const before = fitted(PICTURE, STAGE)
    const [was, is] = [onPicture(before, at), onPicture(zoomed(before, factor, at), at)]
    expect([is.x, is.y]).toEqual([expect.closeTo(was.x, 6), expect.closeTo(was.y, 6)])
  }
  expect(zoomed(fitted(PICTURE, STAGE), 5000, at).scale).toBe(32)
})

it('moves no further than to show a point', () => {
  const view = { x: 0, y: 0, scale: 10 }
  expect(showing(view, STAGE, { x: 40, y: 20 })).toEqual(view)
  expect(showing(view, STAGE, { x: 100, y: 0 })).toEqual({ x: 824 - 1000, y: 24, scale: 10 })
})

it.each([
  ['mouse', 0.5, 1],
  ['pen', 0.5, 1],
  ['touch', 1, 1],
  ['touch', 0, 1],
  ['pen', 0.25, 0.4],
  ['touch', 0.75, 0.8],
])('%s of pressure %d has %d of the brush', (pointerType, pressure, part) => {
  expect(pressureOf({ pointerType, pressure })).toBeCloseTo(part)
})
