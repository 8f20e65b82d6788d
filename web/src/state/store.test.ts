import { describe, expect, it } from 'vitest'
import { createKeyedStore, createStore } from './store'

describe('store', () => {
  it('tells of a new value, and not of the same one', () => {
    const store = createStore(1)
    const seen: number[] = []
    const stop = store.subscribe(() => seen.push(store.get()))
    store.set(2)
    store.set(2)
    store.update((old) => old + 1)
    stop()
    store.set(9)
    expect(seen).toEqual([2, 3])
  })
})

describe('keyed store', () => {
  it('tells those of one key only', () => {
    const store = createKeyedStore<number>()
    const seen: string[] = []
    store.subscribe('a', () => seen.push(`a${store.get('a')}`))
    store.subscribe('b', () => seen.push(`b${store.get('b')}`))
    const stop = store.subscribeAll(() => seen.push('*'))
    store.set('a', 1)
    stop()
    store.set('b', 2)
    expect(seen).toEqual(['a1', '*', 'b2'])
  })

  it('forgets the keys of a prefix and tells their listeners', () => {
    const store = createKeyedStore<number>()
    store.set('t1/1', 1)
    store.set('t2/1', 2)
    let told = 0
    store.subscribe('t1/1', () => told++)
    store.clear('t1/')
    expect([store.keys(), told]).toEqual([['t2/1'], 1])
  })

  it('lets somebody stop who listens twice', () => {
    const store = createKeyedStore<number>()
    let told = 0
    const stop = store.subscribe('a', () => told++)
    stop()
    store.subscribe('a', () => told++)
    stop()
    store.set('a', 1)
    expect(told).toBe(1)
  })
})
