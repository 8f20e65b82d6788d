import { describe, expect, it } from 'vitest'
import { type Jump, jumped, NO_JUMPS, travelled } from './jumps'

const at = (x: number, ...path: string[]): Jump => ({ tab: 'a', path, view: { x, y: 0, scale: 1 } })

describe('jumps', () => {
  it('goes back and forth the way it came', () => {
    const jumps = jumped(jumped(NO_JUMPS, at(1)), at(2, '5'))
    const [first, after] = travelled(jumps, at(3), -1) ?? []
    expect(first).toEqual(at(2, '5'))
    const [second, last] = travelled(after ?? NO_JUMPS, at(2, '5'), -1) ?? []
    expect(second).toEqual(at(1))
    expect(travelled(last ?? NO_JUMPS, at(1), -1)).toBeNull()
    expect(travelled(last ?? NO_JUMPS, at(1), 1)?.[0]).toEqual(at(2, '5'))
  })

  it('forgets what was taken back when it jumps anew, and standing still is no jump', () => {
    const jumps = jumped(NO_JUMPS, at(1))
    const [, after] = travelled(jumps, at(2), -1) ?? []
    expect(jumped(after ?? NO_JUMPS, at(1)).future).toEqual([])
    expect(jumped(jumps, at(1.2)).past.length).toBe(1)
  })
})
