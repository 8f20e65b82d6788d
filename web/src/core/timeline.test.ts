import { describe, expect, it } from 'vitest'
import { type JobEvent, NO_TIMELINE, partsOf, ticksOf, withEvent } from './timeline'

const event = (type: string, at: number, data: object = {}, attempt = 1): JobEvent => ({
  type,
  attempt,
  data: { at, ...data },
})
const lineOf = (...events: readonly JobEvent[]) => events.reduce(withEvent, NO_TIMELINE)
const of = (node: string) => ({ node, display_node: node, class_type: `Type${node}` })

const RUN = [
  event('run_started', 0, { nodes: ['1', '2', '3'], cached: ['1'], outputs: ['3'] }),
  event('node_started', 0.1, of('2')),
  event('span', 0.5, {
    name: 'U-Net',
    category: 'copy',
    start: 0.2,
    seconds: 0.3,
    node: '2',
    args: { bytes: 7 },
  }),
  event('progress', 1, { ...of('2'), done: 1, total: 4 }),
  event('progress', 2, { ...of('2'), done: 3, total: 4 }),
]

describe('timeline', () => {
  it('has a bar for each node that ran, and what was done for it', () => {
    const line = lineOf(...RUN, event('mark', 2.5, { name: 'evicted: VAE', category: 'evict', args: {} }))
    expect(line.bars).toMatchObject([
      { node: '2', type: 'Type2', start: 0.1, end: null, steps: { done: 3, total: 4 }, resumed: null },
    ])
    expect(line.spans).toEqual([
      { name: 'U-Net', category: 'copy', node: '2', start: 0.2, seconds: 0.3, bytes: 7 },
    ])
    expect(line.marks).toMatchObject([{ name: 'evicted: VAE', at: 2.5, bytes: null }])
    expect([...partsOf(line)]).toEqual([['2', 0.75]])
    expect(line.at).toBe(2.5)
  })

  it('is the same for who hears it all later, but for what was told in passing', () => {
    const span = { name: 'U-Net', category: 'copy', start: 0.2, seconds: 0.3, node: '2', args: { bytes: 7 } }
    const mark = { name: 'evicted: VAE', category: 'evict', node: '2', args: {} }
    const lasting = [
      event('node_finished', 4, { ...of('2'), peak_bytes: 9, steps: [1, 4, 4] }),
      event('recap', 4, { spans: [span], marks: [{ ...mark, at: 2.5 }], left_out: 0 }),
      event('run_done', 4.1),
      event('state', 4.2, { state: 'done' }),
    ]
    const live = lineOf(
      ...RUN,
      event('mark', 2.5, mark),
      event('progress', 3, { ...of('2'), done: 4, total: 4 }),
    )
    const heard = lasting.reduce(withEvent, live)
    const [begun, started] = RUN
    if (begun === undefined || started === undefined) throw new Error('a run begins')
    expect(lineOf(begun, started, ...lasting)).toEqual(heard)
    expect(heard).toMatchObject({
      spans: [{ bytes: 7 }],
      marks: [{ at: 2.5 }],
      bars: [{ end: 4, resumed: null }],
    })
  })

  it('says from which step a node went on, also to who hears it later', () => {
    const again = lineOf(
      event('run_started', 0, { nodes: ['2'], cached: [] }, 2),
      event('node_started', 0.1, of('2'), 2),
      event('node_finished', 4, { ...of('2'), steps: [13, 20, 20] }, 2),
    )
    expect(again.bars).toMatchObject([{ resumed: 12, steps: { done: 20, total: 20 } }])
  })

  it('ends with its job, also where nothing told how', () => {
    const line = lineOf(...RUN, { type: 'state', attempt: 1, data: { state: 'failed' } })
    expect(line).toMatchObject({ ended: true, bars: [{ state: 'failed', end: 2 }] })
    expect(lineOf(...RUN, { type: 'state', attempt: 1, data: { state: 'running' } }).ended).toBe(false)
  })

  it('closes bars when nodes end, and all of them when the run does', () => {
    const done = lineOf(...RUN, event('node_finished', 4, { ...of('2'), peak_bytes: 9 }))
    expect(done.bars).toMatchObject([{ end: 4, state: 'done', peakBytes: 9 }])
    expect(lineOf(...RUN, event('run_cancelled', 3)).bars).toMatchObject([{ end: 3, state: 'done' }])
    const failed = lineOf(...RUN, event('node_failed', 3, of('2')), event('run_failed', 3.5))
    expect(failed.bars).toMatchObject([{ end: 3, state: 'failed' }])
    expect(failed.ended).toBe(true)
  })

  it('begins anew with another attempt, and says from which step a node went on', () => {
    const again = lineOf(
      ...RUN,
      event('run_started', 0, { nodes: ['2'], cached: [] }, 2),
      event('node_started', 0.1, of('2'), 2),
      event('progress', 0.4, { ...of('2'), done: 13, total: 20 }, 2),
      event('progress', 0.5, { ...of('2'), done: 14, total: 20 }, 2),
      event('progress', 9, { ...of('2'), done: 2, total: 20 }, 1),
    )
    expect(again.bars).toMatchObject([{ start: 0.1, resumed: 12, steps: { done: 14, total: 20 } }])
    expect(again.at).toBe(0.5)
  })

  it('has one bar for a node and those that it expanded into', () => {
    const line = lineOf(
      event('node_started', 1, of('2')),
      event('node_started', 2, { node: '2.1', display_node: '2', class_type: 'Inner' }),
      event('node_finished', 3, { node: '2.1', display_node: '2' }),
    )
    expect(line.bars).toMatchObject([{ type: 'Type2', end: null }])
  })
})

it.each([
  [0, 5, [0]],
  [7, 5, [0, 2, 4, 6]],
  [0.9, 5, [0, 0.2, 0.4, 0.6, 0.8]],
  [130, 6, [0, 50, 100]],
])('an axis of %f s with %i times', (seconds, most, ticks) => expect(ticksOf(seconds, most)).toEqual(ticks))
