import { expect, it } from 'vitest'
import { apiOf } from '../core/api/client'
import { EMPTY_DOCUMENT } from '../core/document'
import type { JobEvent } from '../core/timeline'
import { createApp } from './app'
import { openDocument } from './editing'
import { followRuns } from './following'
import { changedJob, jobOf, withJob } from './jobs'
import { keepJobs } from './keptJobs'
import { key } from './run'
import { DEFAULTS, type Kept } from './settings'
import { createStore } from './store'

function begun() {
  const app = createApp({
    client: 'c',
    api: apiOf(() => Promise.reject(new Error('nothing is asked here'))),
    settings: createStore(DEFAULTS),
    languages: ['en'],
    now: () => 0,
    draw: () => 0n,
    newId: () => 'tab',
  })
  openDocument(app, 'one', EMPTY_DOCUMENT)
  const heard = new Map<string, (event: JobEvent) => void>()
  const ended: string[] = []
  followRuns(app, (url, tell) => {
    const id = url.split('/').at(-2) ?? ''
    heard.set(id, tell)
    return () => ended.push(id)
  })
  const queue = async (id: string, tab = 'tab') => {
    app.jobs.update((jobs) => changedJob(withJob(jobs, id, tab), id, { accepted: true, state: 'running' }))
    await Promise.resolve()
  }
  const tell = (id: string, type: string, at: number, data: object = {}) =>
    heard.get(id)?.({ type, attempt: 1, data: { at, ...data } })
  return { app, heard, ended, queue, tell }
}

const of = (node: string) => ({ node, display_node: node, class_type: 'T' })

it('follows one job at a time, and says how far it is', async () => {
  const { app, heard, ended, queue, tell } = begun()
  app.run.plan.set(key('tab', '1'), { node: '1', class_type: 'T', status: 'run', seconds: 3 })
  app.run.plan.set(key('tab', '2'), { node: '2', class_type: 'T', status: 'run', seconds: 1 })
  await queue('a')
  await queue('b')
  expect([...heard.keys()]).toEqual(['a'])
  tell('a', 'run_started', 0, { nodes: ['0', '1', '2'], cached: ['0'] })
  tell('a', 'node_started', 1, of('1'))
  tell('a', 'progress', 2, { ...of('1'), done: 1, total: 2 })
  expect(jobOf(app.jobs.get(), 'a')?.progress).toBe(0.375)
  expect(app.run.state.get(key('tab', '0'))).toBe('cached')
  tell('a', 'node_finished', 3, of('1'))
  expect(jobOf(app.jobs.get(), 'a')?.progress).toBe(0.75)
  expect(app.run.state.get(key('tab', '1'))).toBe('done')

  tell('a', 'state', 4, { state: 'done' })
  expect(ended).toEqual(['a'])
  app.jobs.update((jobs) => changedJob(jobs, 'a', { state: 'done' }))
  await Promise.resolve()
  expect([...heard.keys()]).toEqual(['a', 'b'])
  tell('b', 'run_started', 0, { nodes: ['2'], cached: [] })
  expect(app.run.timeline.get('tab')?.bars).toEqual([])
})

it('reads what has happened in the last run of each workflow, once none runs', async () => {
  const { app, heard, ended, tell } = begun()
  const over = (id: string) => app.jobs.update((jobs) => changedJob(jobs, id, { state: 'done' }))
  app.jobs.update((jobs) =>
    ['a', 'b', 'c'].reduce(
      (all, id) => changedJob(withJob(all, id, id === 'c' ? 'other' : 'tab'), id, { accepted: true }),
      jobs,
    ),
  )
  for (const id of ['a', 'b', 'c']) over(id) // as a page hears that was loaded after them
  await Promise.resolve()
  expect([...heard.keys()]).toEqual(['b'])
  tell('b', 'run_started', 0, { nodes: ['1'], cached: [] })
  tell('b', 'node_started', 1, of('1'))
  tell('b', 'node_finished', 2, { ...of('1'), steps: [1, 4, 4] })
  tell('b', 'recap', 2, { spans: [{ name: 'U-Net', category: 'load', node: '1', start: 1, seconds: 0.5 }] })
  tell('b', 'run_done', 2)
  tell('b', 'state', 2, { state: 'done' })
  await Promise.resolve()
  expect([...heard.keys()]).toEqual(['b', 'c'])
  tell('c', 'state', 0, { state: 'failed' })
  await Promise.resolve()
  expect(ended).toEqual(['b', 'c'])
  expect([...heard.keys()]).toEqual(['b', 'c'])
  expect(app.run.timeline.get('tab')).toMatchObject({ ended: true, spans: [{ name: 'U-Net', start: 1 }] })
  expect(app.run.state.get(key('tab', '1'))).toBeUndefined()
})

it('leaves no node running in a run that has ended without a word', async () => {
  const { app, queue, tell } = begun()
  await queue('a')
  tell('a', 'run_started', 0, { nodes: ['1'], cached: [] })
  tell('a', 'node_started', 1, of('1'))
  expect(app.run.state.get(key('tab', '1'))).toBe('running')
  tell('a', 'state', 9, { state: 'failed' })
  expect(app.run.state.get(key('tab', '1'))).toBeUndefined()
  expect(app.run.timeline.get('tab')).toMatchObject({
    ended: true,
    at: 1,
    bars: [{ state: 'failed', end: 1 }],
  })
})

it('keeps whose jobs they were for a page that is loaded anew', async () => {
  const kept = new Map<string, string>()
  const storage: Kept = {
    getItem: (name) => kept.get(name) ?? null,
    setItem: (name, text) => void kept.set(name, text),
    removeItem: (name) => void kept.delete(name),
  }
  const before = begun()
  keepJobs(before.app.jobs, storage)
  await before.queue('a')
  const { app } = begun()
  keepJobs(app.jobs, storage)
  expect(app.jobs.get().own).toMatchObject([{ id: 'a', tab: 'tab', state: 'waiting', accepted: true }])
  kept.set('inkloom.jobs', '{"no": "list"}')
  const { app: other } = begun()
  keepJobs(other.jobs, storage)
  expect(other.jobs.get().own).toEqual([])
})
