import { describe, expect, it, vi } from 'vitest'
import type { Json } from '../core/json'
import { DEFAULTS } from './settings'
import { changesOf, shareSettings, withShared } from './sharing'
import { createStore } from './store'

describe('settings on the server', () => {
  it('are told by what has changed, without what belongs to a window', () => {
    const after = { ...DEFAULTS, theme: 'dark' as const, panel: 'nodes', favourites: ['KSampler'] }
    expect([...changesOf(DEFAULTS, after)]).toEqual([
      ['inkloom.theme', 'dark'],
      ['inkloom.favourites', ['KSampler']],
    ])
    expect(changesOf(DEFAULTS, { ...DEFAULTS, keys: {} }).size).toBe(0)
  })

  it('come back as they were sent', () => {
    const after = { ...DEFAULTS, tile: 200, keys: { 'run.queue': ['F5'] }, linkStyle: 'steps' as const }
    expect(withShared(DEFAULTS, changesOf(DEFAULTS, after))).toEqual(after)
  })

  it('are as at first where the server has nonsense', () => {
    const told = new Map<string, Json>([
      ['inkloom.tile', 'wide'],
      ['inkloom.theme', 'pink'],
      ['Other.thing', 1],
    ])
    expect(withShared(DEFAULTS, told)).toEqual(DEFAULTS)
  })

  it('win over those of the browser, but not over a change made meanwhile', async () => {
    vi.useFakeTimers()
    const store = createStore({ ...DEFAULTS, tile: 100, panel: 'queue' })
    const sent: [string, Json][] = []
    const api = {
      settings: async () => {
        store.update((old) => ({ ...old, grid: true }))
        return new Map<string, Json>([
          ['inkloom.tile', 180],
          ['inkloom.grid', false],
        ])
      },
      saveSetting: async (id: string, value: Json) => {
        sent.push([id, value])
        return new Response()
      },
    }
    await shareSettings(store, api, () => undefined)
    expect(store.get()).toEqual({ ...DEFAULTS, tile: 180, grid: true, panel: 'queue' })
    await vi.runAllTimersAsync()
    vi.useRealTimers()
    expect(sent).toEqual([['inkloom.grid', true]])
  })
})
