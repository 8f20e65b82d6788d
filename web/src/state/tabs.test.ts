import { describe, expect, it } from 'vitest'
import { EMPTY_DOCUMENT } from '../core/document'
import {
  isDirty,
  NOTHING_SELECTED,
  newTab,
  pruned,
  type Tabs,
  withNeighbour,
  withNewTab,
  withoutTab,
  withTab,
} from './tabs'

const tabs = (active: string, ...ids: string[]): Tabs => ({
  open: ids.map((id) => newTab(id, null, EMPTY_DOCUMENT)),
  active,
})
const ids = ({ open, active }: Tabs) => [open.map((tab) => tab.id).join(''), active]

describe('tabs', () => {
  it('opens behind the active one', () => {
    expect(ids(withNewTab(tabs('a', 'a', 'b'), newTab('c', null, EMPTY_DOCUMENT)))).toEqual(['acb', 'c'])
    expect(ids(withNewTab(tabs(''), newTab('c', null, EMPTY_DOCUMENT)))).toEqual(['c', 'c'])
  })

  it.each([
    [tabs('b', 'a', 'b', 'c'), 'b', ['ac', 'c']],
    [tabs('c', 'a', 'b', 'c'), 'c', ['ab', 'b']],
    [tabs('a', 'a', 'b', 'c'), 'c', ['ab', 'a']],
    [tabs('a', 'a'), 'a', ['', '']],
  ])('closes %# and looks at a neighbour', (before, id, after) => {
    expect(ids(withoutTab(before, id))).toEqual(after)
  })

  it('goes round', () => {
    expect(ids(withNeighbour(tabs('b', 'a', 'b'), 1))).toEqual(['ab', 'a'])
    expect(ids(withNeighbour(tabs('a', 'a', 'b'), -1))).toEqual(['ab', 'b'])
  })

  it('knows what has changed', () => {
    const before = tabs('a', 'a', 'b')
    const after = withTab(before, 'a', (tab) => ({
      ...tab,
      edited: { ...tab.edited, document: { ...EMPTY_DOCUMENT, extra: new Map([['ds', null]]) } },
    }))
    expect(after.open.map(isDirty)).toEqual([true, false])
    expect(after.open[1]).toBe(before.open[1])
  })

  it('forgets the choice of what is gone', () => {
    const tab = {
      ...newTab('a', null, EMPTY_DOCUMENT),
      selection: { ...NOTHING_SELECTED, nodes: new Set(['5']) },
    }
    expect(pruned(tab).selection.nodes.size).toBe(0)
    expect(pruned({ ...tab, graph: 'gone' }).graph).toBe('')
  })
})
