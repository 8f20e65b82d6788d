import { describe, expect, it } from 'vitest'
import { apiOf } from '../core/api/client'
import { addNode } from '../core/commands/create'
import { EMPTY_DOCUMENT } from '../core/document'
import { undo } from '../core/history'
import { readObjectInfo } from '../core/objectInfo'
import { shownValues } from '../core/widgets'
import { createApp } from './app'
import { changeActive, edit, openDocument, placeOf } from './editing'
import { mend, mendAll, problemsIn, showTroubles, withoutPlace } from './problems'
import { key } from './run'
import { DEFAULTS } from './settings'
import { createStore } from './store'

const TYPES = JSON.stringify({
  Draw: {
    input: { required: { steps: ['INT', { min: 1, max: 9, default: 3 }], cfg: ['FLOAT', { max: 2 }] } },
    output: [],
  },
})

function begun() {
  let ids = 0
  const app = createApp({
    client: 'c',
    api: apiOf(() => Promise.reject(new Error('nothing is asked here'))),
    settings: createStore(DEFAULTS),
    languages: ['en'],
    now: () => 0,
    draw: () => 0n,
    newId: () => `id${ids++}`,
  })
  app.definitions.set(readObjectInfo(TYPES))
  openDocument(app, 'one', EMPTY_DOCUMENT)
  const tab = app.tabs.get().active
  let node = ''
  edit(app, 'add', (place) => {
    const added = addNode(place, 'Draw', { x: 0, y: 0 })
    node = added.node.id
    return added.ops
  })
  const value = (name: string) => {
    const place = placeOf(app)
    const shown =
      place && shownValues(place.document, place.definitions, place.shown.nodes.get(node) as never)
    return shown?.find((one) => one.field.name === name)?.value
  }
  return { app, tab, node, value }
}

const wrong = (id: string, input: string, fix: number) => ({ id, message: `${input} is wrong`, input, fix })

describe('problems', () => {
  it('are those of the last check, and of the run until the next one', () => {
    const { app, tab, node } = begun()
    const failure = { from: 'run', message: 'boom', input: null, fix: undefined, traceback: [] } as const
    app.run.problems.set(key(tab, node), [failure])
    showTroubles(app, tab, [wrong(node, 'steps', 1), wrong(node, 'cfg', 2)])
    const told = () => problemsIn(app.run.problems.all(), tab).map(({ problem }) => problem.message)
    expect(told()).toEqual(['boom', 'steps is wrong', 'cfg is wrong'])
    showTroubles(app, tab, [wrong(node, 'cfg', 2)])
    expect(told()).toEqual(['boom', 'cfg is wrong'])
    showTroubles(app, tab, [])
    expect(told()).toEqual(['boom'])
    expect(problemsIn(app.run.problems.all(), 'another')).toEqual([])
  })

  it('draw a node anew only when they change', () => {
    const { app, tab, node } = begun()
    let drawn = 0
    app.run.problems.subscribe(key(tab, node), () => drawn++)
    showTroubles(app, tab, [wrong(node, 'steps', 1)])
    showTroubles(app, tab, [wrong(node, 'steps', 1)])
    expect(drawn).toBe(1)
  })

  it('are mended with one step that can be taken back', () => {
    const { app, tab, node, value } = begun()
    showTroubles(app, tab, [wrong(node, 'steps', 9), wrong(node, 'cfg', 2)])
    mend(app, tab, node, 'steps', 9)
    expect([value('steps'), value('cfg')]).toEqual([9, 0])
    showTroubles(app, tab, [wrong(node, 'cfg', 2)])
    mendAll(app, tab)
    expect([value('steps'), value('cfg')]).toEqual([9, 2])
    changeActive(app, (tab) => ({ ...tab, edited: undo(tab.edited) }))
    changeActive(app, (tab) => ({ ...tab, edited: undo(tab.edited) }))
    expect([value('steps'), value('cfg')]).toEqual([3, 0])
  })

  it('leave a node alone that is not there any more', () => {
    const { app, tab } = begun()
    showTroubles(app, tab, [wrong('99', 'steps', 1)])
    const before = placeOf(app)?.document
    mend(app, tab, '99', 'steps', 1)
    expect(placeOf(app)?.document).toBe(before)
  })
})

it.each([
  ["KSampler (node '3'), input 'steps': 0 is too small", '0 is too small'],
  ["KSampler (node '12:3'): what: is it", 'what: is it'],
  ['no node at all: fine', 'no node at all: fine'],
])('%s without its place', (message, short) => expect(withoutPlace(message)).toBe(short))
