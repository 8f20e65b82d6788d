import { expect, it } from 'vitest'
import { DEFINITIONS } from '../../core/testdata/documents'
import { type Category, categoriesOf } from './categories'

const outline = ({ name, count, inside, nodes }: Category): unknown => [
  name,
  count,
  nodes.map((node) => node.type),
  inside.map(outline),
]

it('puts types where their categories say, and counts what lies deeper', () => {
  const [first] = [...DEFINITIONS.values()]
  if (first === undefined) throw new Error('no definitions')
  const node = (type: string, category: string) => ({ ...first, type, category })
  const tree = categoriesOf([
    node('b', 'x/y'),
    node('a', 'x'),
    node('c', 'a'),
    node('d', ''),
    node('e', '/x//y/'),
  ])
  expect(outline(tree)).toEqual([
    '',
    5,
    ['d'],
    [
      ['a', 1, ['c'], []],
      ['x', 3, ['a'], [['y', 2, ['b', 'e'], []]]],
    ],
  ])
})
