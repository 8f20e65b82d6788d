import { describe, expect, it } from 'vitest'
import { apiOf } from '../core/api/client'
import { type Message, readText } from '../core/api/messages'
import { EMPTY_DOCUMENT } from '../core/document'
import { createApp } from './app'
import { openDocument } from './editing'
import { catchUp, foundAgain, hear } from './hearing'
import { jobOf, withJob } from './jobs'
import { key } from './run'
import { DEFAULTS } from './settings'
import { createStore } from './store'

function begun(answers: Readonly<Record<string, unknown>> = {}) {
  const fetched = (url: string) =>
    Promise.resolve(new Response(JSON.stringify(answers[url] ?? {}), { status: url in answers ? 200 : 404 }))
  const app = createApp({
    client: 'c',
    api: apiOf(fetched),
    settings: createStore(DEFAULTS),
    languages: ['en'],
    now: () => 0,
    draw: () => 0n,
    newId: () => 'tab',
  })
  openDocument(app, 'one', EMPTY_DOCUMENT)
  app.jobs.update((jobs) => withJob(jobs, 'job', 'tab'))
  const told = (type: string, data: object) =>
    hear(app, readText(JSON.stringify({ type, data: { prompt_id: 'job', ...data } })) as Message)
  return { app, told }
}

const stateOf = (value: number, state: string) => ({
  nodes: { 3: { node_id: '3', display_node_id: '3', value, max: 20, state, prompt_id: 'job' } },
})

describe('hearing', () => {
  it('tells a node how far it is, and forgets that at the end', () => {
    const { app, told } = begun()
    told('execution_start', {})
    told('progress_state', stateOf(4, 'running'))
    expect(app.run.progress.get(key('tab', '3'))).toEqual({ done: 4, total: 20 })
    told('progress_state', stateOf(20, 'finished'))
    told('executed', { node: '9', display_node: '9', output: { images: [{ filename: 'a.png' }] } })
    told('execution_success', {})
    expect(app.run.progress.keys()).toEqual([])
    expect(app.run.state.get(key('tab', '3'))).toBe('done')
    expect(app.run.output.get(key('tab', '9'))?.pictures).toEqual([
      { file: { filename: 'a.png' }, caption: '' },
    ])
    expect(jobOf(app.jobs.get(), 'job')?.state).toBe('done')
  })

  it('tells one node of its progress, of a thousand that listen', () => {
    const { app, told } = begun()
    told('execution_start', {})
    told('progress_state', stateOf(4, 'running'))
    const drawn: string[] = []
    for (let node = 0; node < 1000; node += 1) {
      const at = key('tab', String(node))
      for (const store of Object.values(app.run)) store.subscribe(at, () => drawn.push(at))
    }
    for (const store of [app.tabs, app.jobs, app.settings]) store.subscribe(() => drawn.push('all'))
    told('progress_state', stateOf(5, 'running'))
    expect(drawn).toEqual([key('tab', '3')])
    told('progress_state', stateOf(5, 'running'))
    expect(drawn).toHaveLength(1)
  })

  it('reads the nodes again when a lost connection is there again', async () => {
    const { app } = begun({ '/api/object_info': { Fresh: { input: {}, output: ['IMAGE'] } } })
    app.definitions.set(new Map())
    await foundAgain(app)
    expect(app.toasts.get().map((toast) => toast.tone)).toEqual(['good'])
    expect(app.definitions.get().has('Fresh')).toBe(true)
  })

  it('draws a node anew only when something of it changes', () => {
    const { app, told } = begun()
    let drawn = 0
    app.run.progress.subscribe(key('tab', '3'), () => drawn++)
    app.run.progress.subscribe(key('tab', '4'), () => (drawn += 100))
    told('progress_state', stateOf(4, 'running'))
    told('progress_state', stateOf(4, 'running'))
    expect(drawn).toBe(1)
  })

  it('shows an error at its node, and what is of other jobs nowhere', () => {
    const { app, told } = begun()
    const failure = {
      node_id: '3',
      exception_type: 'ValueError',
      exception_message: 'no\n',
      traceback: ['line'],
    }
    told('execution_error', { ...failure, prompt_id: 'another' })
    expect(app.run.problems.keys()).toEqual([])
    told('execution_error', failure)
    const problem = {
      from: 'run',
      message: 'ValueError: no',
      input: null,
      fix: undefined,
      traceback: ['line'],
    }
    expect(app.run.problems.get(key('tab', '3'))).toEqual([problem])
    expect(jobOf(app.jobs.get(), 'job')?.state).toBe('failed')
  })

  it('shows previews of both kinds: with their node, and bare ones at the node that runs', () => {
    const { app, told } = begun()
    told('execution_start', {})
    told('executing', { node: '3', display_node: '3' })
    const preview = { type: 'preview', mime: 'image/jpeg', picture: new Uint8Array([1]) } as const
    hear(app, { ...preview, prompt: null, node: null })
    const first = app.run.preview.get(key('tab', '3'))
    expect(first).toMatch(/^blob:/)
    hear(app, { ...preview, prompt: 'job', node: '4' })
    expect(app.run.preview.get(key('tab', '4'))).toMatch(/^blob:/)
    hear(app, { ...preview, prompt: 'another', node: '5' })
    expect(app.run.preview.keys()).toEqual([key('tab', '3'), key('tab', '4')])
    told('execution_success', {})
    expect(app.run.preview.keys()).toEqual([])
  })

  it('asks how a job ended that it heard nothing of', async () => {
    const outputs = { 9: { images: [{ filename: 'a.png', subfolder: '', type: 'output' }] } }
    const job = { id: 'job', state: 'done', priority: 0, created: 0, outputs }
    const { app } = begun({ '/api/v1/jobs?limit=200': { jobs: [job], next: null } })
    await catchUp(app)
    expect(jobOf(app.jobs.get(), 'job')?.state).toBe('done')
    expect(app.run.output.get(key('tab', '9'))?.pictures.length).toBe(1)
  })
})
