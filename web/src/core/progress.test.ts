import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { partDone } from './progress'

describe('how far a run is', () => {
  it('counts nodes by their seconds', () => {
    const expected = new Map([
      ['1', 1],
      ['2', 3],
    ])
    expect(partDone(expected, new Map([['1', 1]]))).toBe(0.25)
    expect(partDone(expected, new Map([['2', 0.5]]))).toBe(0.375)
    expect(partDone(new Map(), new Map())).toBe(0)
  })

  it('goes from 0 to 1, and never back when a node gets on', () => {
    const seconds = fc.array(fc.oneof(fc.constant(null), fc.float({ min: 0, max: 1000, noNaN: true })), {
      minLength: 1,
    })
    fc.assert(
      fc.property(seconds, fc.float({ min: 0, max: 1, noNaN: true }), (all, part) => {
        const expected = new Map(all.map((one, at) => [String(at), one]))
        const done = partDone(expected, new Map([['0', part]]))
        expect(done).toBeGreaterThanOrEqual(0)
        expect(done).toBeLessThanOrEqual(partDone(expected, new Map([['0', 1]])))
        expect(partDone(expected, new Map(all.map((_, at) => [String(at), 1])))).toBeCloseTo(1, 9)
      }),
    )
  })
})
