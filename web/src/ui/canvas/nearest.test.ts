import { describe, expect, it } from 'vitest'
import type { Box } from '../../core/document'
import { type Direction, nearest } from './nearest'

const box = (x: number, y: number): Box => ({ x, y, width: 10, height: 10 })
const BOXES = new Map([
  ['middle', box(0, 0)],
  ['right', box(100, 5)],
  ['far', box(300, 0)],
  ['corner', box(60, 90)],
  ['below', box(0, 120)],
])

describe('nearest', () => {
  it.each<[string, Direction, string | undefined]>([
    ['middle', 'ArrowRight', 'right'],
    ['right', 'ArrowRight', 'far'],
    ['middle', 'ArrowDown', 'below'],
    ['far', 'ArrowLeft', 'right'],
    ['middle', 'ArrowLeft', undefined],
    ['nobody', 'ArrowLeft', undefined],
  ])('of %s, %s is %s', (from, direction, expected) => {
    expect(nearest(BOXES, from, direction)).toBe(expected)
  })
})
