import fc from 'fast-check'
import { expect, test } from 'vitest'
import { freeBelow } from './free'

const BOX = fc.record({
  x: fc.integer({ min: -500, max: 500 }),
  y: fc.integer({ min: -500, max: 500 }),
  width: fc.integer({ min: 1, max: 300 }),
  height: fc.integer({ min: 1, max: 300 }),
})

test('what is new covers nothing, lies straight below, and stays where nothing is', () => {
  fc.assert(
    fc.property(BOX, fc.array(BOX, { maxLength: 12 }), (wanted, taken) => {
      const { x, y } = freeBelow(wanted, taken)
      expect(x).toBe(wanted.x)
      expect(y).toBeGreaterThanOrEqual(wanted.y)
      for (const one of taken) {
        const apart =
          x >= one.x + one.width ||
          x + wanted.width <= one.x ||
          y >= one.y + one.height ||
          y + wanted.height <= one.y
        expect(apart, JSON.stringify(one)).toBe(true)
      }
      if (taken.length === 0) expect(y).toBe(wanted.y)
    }),
    { seed: 1 },
  )
})
