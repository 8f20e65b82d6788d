import { expect, test } from 'vitest'
import { setControl, setValue } from './commands/nodes'
import { advanceSeeds } from './commands/seeds'
import type { Widget } from './definitions'
import { graphOf, ROOT } from './document'
import { apply } from './operations'
import { drawFrom, MOST_DRAWN, nextValue } from './seeds'
import { BEGINNING, DEFINITIONS, scene } from './testdata/documents'
import { valuesByName } from './widgets'

const SEED: Widget = { kind: 'int', min: 0n, max: 2n ** 64n - 1n, step: 1n, display: 'number', control: true }
const SMALL: Widget = { ...SEED, max: 10n, step: 5n }
const NAMES: Widget = {
  kind: 'combo',
  options: ['a', 'b', 'c'],
  upload: null,
  folder: null,
  files: false,
  multiple: false,
  control: true,
}
const highest = (bound: bigint) => bound - 1n

test.each([
  [7, SEED, 'fixed', 7],
  [7, SEED, 'increment', 8],
  [2 ** 53 - 1, SEED, 'increment', 2n ** 53n],
  [2n ** 64n - 1n, SEED, 'increment', 2n ** 64n - 1n],
  [0, SEED, 'decrement', 0],
  [{ text: '7.0' }, SEED, 'decrement', 6],
  [10, SMALL, 'increment-wrap', 0],
  [0, SEED, 'randomize', Number(MOST_DRAWN)],
  [0, SMALL, 'randomize', 10],
  ['text', SEED, 'increment', 'text'],
  ['a', NAMES, 'increment', 'b'],
  ['c', NAMES, 'increment', 'c'],
  ['c', NAMES, 'increment-wrap', 'a'],
  ['a', NAMES, 'decrement', 'a'],
  ['a', NAMES, 'randomize', 'c'],
] as const)('%s becomes by %s %s: %s', (value, widget, control, next) => {
  expect(nextValue(value, widget, control, highest)).toEqual(next)
})

test('drawing is below its bound, and every number can come', () => {
  let state = 1
  const draw = drawFrom((bytes) => {
    for (let at = 0; at < bytes.length; at += 1) {
      state = (state * 48271) % 2147483647
      bytes[at] = state >> 8
    }
  })
  const found = new Set(Array.from({ length: 200 }, () => draw(6n)))
  expect([...found].sort()).toEqual([0n, 1n, 2n, 3n, 4n, 5n])
  expect(draw(2n ** 64n)).toBeLessThan(2n ** 64n)
  expect(() => draw(0n)).toThrow("can't draw")
})

test('all seeds of a document move on, but for those that are fixed', () => {
  const field = { name: 'seed', holder: null }
  const set = apply(BEGINNING, setValue(scene(BEGINNING), '4', field, 2n ** 63n)).document
  const seed = (document: typeof set) =>
    valuesByName(document, DEFINITIONS, graphOf(document, ROOT).nodes.get('4') as never).get('seed')
  expect(
    seed(
      apply(
        set,
        advanceSeeds(scene(set), () => 5n),
      ).document,
    ),
  ).toBe(5)
  const up = apply(set, setControl(scene(set), '4', field, 'increment')).document
  expect(
    seed(
      apply(
        up,
        advanceSeeds(scene(up), () => 5n),
      ).document,
    ),
  ).toBe(2n ** 63n + 1n)
  const fixed = apply(set, setControl(scene(set), '4', field, 'fixed')).document
  expect(advanceSeeds(scene(fixed), () => 5n)).toEqual([])
})
