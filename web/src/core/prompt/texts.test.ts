import fc from 'fast-check'
import { expect, test } from 'vitest'
import { setValue } from '../commands/nodes'
import { apply } from '../operations'
import { BEGINNING, DEFINITIONS, scene } from '../testdata/documents'
import { grid, MOST_CELLS } from './grid'
import { kept, withoutChoices, withTokens } from './texts'

const last = (count: number) => count - 1
const NOW = new Date(2025, 0, 2, 3, 4, 5)

test.each([
  ['a {red|blue} ball', 'a blue ball'],
  ['{a|{b|c}} d', 'c d'],
  ['\\{a\\|b\\} \\\\', '{a|b} \\\\'],
  ['a // gone\nb /* this too */ c /* open', 'a \nb  c /* open'],
  ['{a|b', '{a|b'],
  ['a|b}', 'a|b}'],
  ['{x{a|b}', '{xb'],
])('%j becomes %j', (text, wanted) => {
  expect(withoutChoices(text, last)).toBe(wanted)
})

test('a text that is kept comes out as it was', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom('{', '}', '|', '\\', '/', '*', 'a', ' ', '\n') }),
      (text) => {
        expect(withoutChoices(kept(text), last)).toBe(text)
      },
    ),
  )
})

test.each([
  ['%date:yyyy-MM-dd_hh.mm.ss%', '2025-01-02_03.04.05'],
  ['%date:yy M d%', '25 1 2'],
  ['x/%Node.seed%', 'x/a_b'],
  ['%width%x%Other.seed%', '%width%x%Other.seed%'],
])('%j is filled in: %j', (text, wanted) => {
  expect(
    withTokens(text, (node, field) => (node === 'Node' && field === 'seed' ? 'a/b' : undefined), NOW),
  ).toBe(wanted)
})

test('a grid has a prompt for each combination, the last axis fastest', () => {
  const axes = [
    { node: '4', field: { name: 'steps', holder: null }, values: [1, 2] },
    { node: '4', field: { name: 'seed', holder: null }, values: [2n ** 63n, 5, 6] },
  ]
  const cells = grid(BEGINNING, DEFINITIONS, axes, { now: NOW, choose: last })
  const seen = cells.map(({ prompt, at }) => {
    const inputs = prompt.get('4')?.get('inputs') as ReadonlyMap<string, unknown>
    return [...at, inputs.get('steps'), inputs.get('seed')]
  })
  expect(seen).toEqual([
    [0, 0, 1, 2n ** 63n],
    [0, 1, 1, 5],
    [0, 2, 1, 6],
    [1, 0, 2, 2n ** 63n],
    [1, 1, 2, 5],
    [1, 2, 2, 6],
  ])
  const [only] = grid(BEGINNING, DEFINITIONS, [{ ...axes[0], values: [9] } as never], {
    now: NOW,
    choose: last,
  })
  expect(only?.document).toEqual(
    apply(BEGINNING, setValue(scene(BEGINNING), '4', { name: 'steps', holder: null }, 9)).document,
  )
  expect(() =>
    grid(BEGINNING, DEFINITIONS, [{ ...axes[0], values: [] } as never], { now: NOW, choose: last }),
  ).toThrow('a grid of 0')
  expect(() =>
    grid(BEGINNING, DEFINITIONS, [{ ...axes[0], values: Array(MOST_CELLS + 1).fill(1) } as never], {
      now: NOW,
      choose: last,
    }),
  ).toThrow('between 1 and')
})
