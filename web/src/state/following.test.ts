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
  const queue = (id: string) =>
    app.jobs.update((jobs) => changedJob(withJob(jobs, id, 'tab'), id, { accepted: true, state: 'running' }))
  const tell = (id: string, type: string, at: number, data: object = {}) =>
    heard.get(id)?.({ type, attempt: 1, data: { at, ...data } })
  return { app, heard, ended, queue, tell }
}

const of = (node: string) => ({ node, display_node: node, class_type: 'T' })

it('follows one job at a time, and says how far it is', () => {
  const { app, heard, ended, queue, tell } = begun()
  app.run.plan.set(key('tab', '1'), { node: '1', class_type: 'T', status: 'run', seconds: 3 })
  app.run.plan.set(key('tab', '2'), { node: '2', class_type: 'T', status: 'run', seconds: 1 })
  queue('a')
  queue('b')
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
  expect([...heard.keys()]).toEqual(['a', 'b'])
  tell('b', 'run_started', 0, { nodes: ['2'], cached: [] })
  expect(app.run.timeline.get('tab')?.bars).toEqual([])
})

it('keeps whose jobs they were for a page that is loaded anew', () => {
  const kept = new Map<string, string>()
  const storage: Kept = {
    getItem: (name) => kept.get(name) ?? null,
    setItem: (name, text) => void kept.set(name, text),
    removeItem: (name) => void kept.delete(name),
  }
  const before = begun()
  keepJobs(before.app.jobs, storage)
  before.queue('a')
  const { app } = begun()
  keepJobs(app.jobs, storage)
  expect(app.jobs.get().own).toMatchObject([{ id: 'a', tab: 'tab', state: 'waiting', accepted: true }])
  kept.set('inkloom.jobs', '{"no": "list"}')
  const { app: other } = begun()
  keepJobs(other.jobs, storage)
  expect(other.jobs.get().own).toEqual([])
})
