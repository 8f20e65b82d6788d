import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { apiOf } from '../core/api/client'
import { addNode } from '../core/commands/create'
import { place } from '../core/commands/nodes'
import { EMPTY_DOCUMENT } from '../core/document'
import { readObjectInfo } from '../core/objectInfo'
import { createApp } from './app'
import { edit, openDocument } from './editing'
import { changedJob, withJob } from './jobs'
import { planRuns, QUIET } from './planning'
import { problemsIn } from './problems'
import { key } from './run'
import { DEFAULTS } from './settings'
import { createStore } from './store'

const TYPES = JSON.stringify({ Show: { input: { required: {} }, output: [], output_node: true } })

const node = { node: '1', class_type: 'Show', status: 'run', reasons: [] }
const totals = {}
const ANSWERS: Readonly<Record<string, unknown>> = {
  '/api/v1/validate': { valid: true, outputs: ['1'], problems: [] },
  '/api/v1/explain': { outputs: ['1'], totals, nodes: [node] },
  '/api/v1/estimate': { seconds: 2, run: 1, cached: 0, nodes: [] },
  '/api/v1/residency': { devices: [], models: [], cache: [] },
}

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

function begun(answers = ANSWERS) {
  const asked: string[] = []
  const app = createApp({
    client: 'c',
    api: apiOf((url) => {
      asked.push(url.replace('/api/v1/', ''))
      return Promise.resolve(new Response(JSON.stringify(answers[url])))
    }),
    settings: createStore(DEFAULTS),
    languages: ['en'],
    now: () => 0,
    draw: () => 0n,
    newId: () => 'tab',
  })
  app.definitions.set(readObjectInfo(TYPES))
  openDocument(app, 'one', EMPTY_DOCUMENT)
  app.connection.set('open')
  edit(app, 'add', (at) => addNode(at, 'Show', { x: 0, y: 0 }).ops)
  const stop = planRuns(app)
  const wait = () => vi.advanceTimersByTimeAsync(QUIET * 2)
  return { app, asked, wait, stop }
}

it('asks what a run would do once edits are over, and shows it', async () => {
  const { app, asked, wait, stop } = begun()
  await wait()
  expect(asked).toEqual(['validate', 'explain', 'estimate'])
  expect(app.run.plan.get(key('tab', '1'))?.status).toBe('run')
  expect(app.run.estimate.get('tab')?.seconds).toBe(2)
  stop()
})

it('asks no more for what decides nothing, and again when a run has ended', async () => {
  const { app, asked, wait, stop } = begun()
  await wait()
  asked.length = 0
  edit(app, 'move', (at) => place(at, new Map([['1', { x: 50, y: 50 }]])))
  await wait()
  expect(asked).toEqual([])
  app.jobs.update((jobs) => withJob(jobs, 'job', 'tab'))
  edit(app, 'add', (at) => addNode(at, 'Show', { x: 0, y: 0 }).ops)
  await wait()
  expect(asked).toEqual(['validate'])
  asked.length = 0
  app.jobs.update((jobs) => changedJob(jobs, 'job', { state: 'done' }))
  await wait()
  expect(asked).toEqual(['residency', 'validate', 'explain', 'estimate'])
  stop()
})

it('shows what is wrong instead, but not what is only not there yet', async () => {
  const problems = [
    { code: 'value_smaller_than_min', message: 'too small', node: '1', input: 'steps' },
    { code: 'required_input_missing', message: 'missing', node: '1', input: 'images' },
  ]
  const { app, asked, wait, stop } = begun({
    ...ANSWERS,
    '/api/v1/validate': { valid: false, outputs: [], problems },
  })
  await wait()
  expect(asked).toEqual(['validate'])
  expect(problemsIn(app.run.problems.all(), 'tab').map(({ problem }) => problem.message)).toEqual([
    'too small',
  ])
  expect(app.run.plan.keys()).toEqual([])
  stop()
})
