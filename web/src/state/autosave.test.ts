import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { addNode } from '../core/commands/create'
import { type Document, EMPTY_DOCUMENT, type GraphNode, ROOT } from '../core/document'
import { NO_HISTORY } from '../core/history'
import { apply, type Op } from '../core/operations'
import { DEFINITIONS } from '../core/testdata/documents'
import { type Keeping, keepTabs, QUIET, readKept, restoreTabs } from './autosave'
import type { Kept } from './settings'
import { createStore } from './store'
import { NOTHING_SELECTED, newTab, type Tab, type Tabs } from './tabs'
import type { Vault, VaultRecord } from './vault'

function memory(room = 1e6): Kept & { readonly held: Map<string, string> } {
  const held = new Map<string, string>()
  return {
    held,
    getItem: (key) => held.get(key) ?? null,
    setItem(key, text) {
      if (text.length > room) throw new DOMException('full', 'QuotaExceededError')
      held.set(key, text)
    },
    removeItem: (key) => void held.delete(key),
  }
}

function vaultOf(...records: readonly VaultRecord[]): Vault & { readonly held: Map<string, VaultRecord> } {
  const held = new Map(records.map((one) => [one.window, one]))
  return {
    held,
    all: async () => [...held.values()],
    write: async (record) => void held.set(record.window, record),
    remove: async (window) => void held.delete(window),
  }
}

const clean = (id: string): Tab =>
  newTab(id, `${id}'s`, EMPTY_DOCUMENT, { path: `${id}.json`, modified: 7.5 })
const dirty = (id: string): Tab => ({ ...clean(id), saved: null })
const tabs = (...open: readonly Tab[]): Tabs => ({ open, active: open[0]?.id ?? '' })

async function recordOf(window: string, time: number, open: readonly Tab[]): Promise<VaultRecord> {
  const vault = vaultOf()
  await keepTabs(createStore(tabs(...open)), window, keeping({ vault })).now()
  return { window, time, text: vault.held.get(window)?.text ?? '' }
}

function fail(error: unknown): void {
  throw error
}

const keeping = (parts: Partial<Keeping>): Keeping => ({
  own: memory(),
  vault: vaultOf(),
  idle: () => () => {},
  failed: fail,
  ...parts,
})

const nobody = async () => new Set<string>()
const namesOf = (found: { readonly kept: { readonly open: readonly { readonly id: string }[] } } | null) =>
  found?.kept.open.map((one) => one.id)

describe('after a change', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  /** A window with one workflow of some nodes, and the moments at which its page is idle. */
  function windowOf(size: number) {
    let document = EMPTY_DOCUMENT
    for (let at = 0; at < size; at += 1) {
      const made = addNode({ document, definitions: DEFINITIONS, graph: ROOT }, 'KSampler', { x: at, y: 0 })
      document = apply(document, made.ops).document
    }
    const waiting: ((left: () => number) => void)[] = []
    const given = {
      own: memory(),
      vault: vaultOf(),
      idle: (act: (left: () => number) => void) => {
        waiting.push(act)
        return () => void waiting.splice(waiting.indexOf(act), waiting.includes(act) ? 1 : 0)
      },
    }
    const written = vi.spyOn(given.vault, 'write')
    const open = createStore(tabs({ ...clean('a'), edited: { document, history: NO_HISTORY } }))
    const keeper = keepTabs(open, 'me', keeping(given))
    const change = (made: (tab: Tab) => Partial<Tab>) =>
      open.update((old) => ({ ...old, open: old.open.map((tab) => ({ ...tab, ...made(tab) })) }))
    const type = (x: number) =>
      change(({ edited }) => ({ edited: { ...edited, document: moved(edited.document, x) } }))
    return { ...given, written, keeper, waiting, change, type }
  }

  function moved(document: Document, x: number): Document {
    const first = [...document.root.nodes.values()][0] as GraphNode
    const op: Op = { op: 'node', graph: ROOT, id: first.id, value: { ...first, pos: { x, y: 0 } } }
    return apply(document, [op]).document
  }

  it('nothing is written before the page is quiet and idle, and then once, however much was changed', async () => {
    const { written, waiting, type, vault } = windowOf(3)
    for (let x = 1; x <= 50; x += 1) {
      type(x)
      await vi.advanceTimersByTimeAsync(QUIET / 2)
    }
    expect([written.mock.calls.length, waiting.length]).toEqual([0, 0])
    await vi.advanceTimersByTimeAsync(QUIET)
    expect([written.mock.calls.length, waiting.length]).toEqual([0, 1])
    waiting.shift()?.(() => 50)
    expect(written).toHaveBeenCalledTimes(1)
    expect(readKept(vault.held.get('me')?.text ?? null)?.open[0]?.text).toContain('"pos":[50,0]')
  })

  it('much is written bit by bit, as the page has time', async () => {
    const { written, waiting, type } = windowOf(10)
    type(1)
    await vi.advanceTimersByTimeAsync(QUIET)
    let moments = 0
    while (waiting.length > 0) {
      let parts = 3
      moments += 1
      waiting.shift()?.(() => {
        parts -= 1
        return parts
      })
    }
    expect([moments > 3, written.mock.calls.length]).toEqual([true, 1])
  })

  it('where one looks and what is chosen is nothing to write', async () => {
    const { written, waiting, type, change } = windowOf(1)
    type(1)
    await vi.advanceTimersByTimeAsync(QUIET)
    waiting.shift()?.(() => 50)
    change(() => ({
      view: { x: 1, y: 2, scale: 1 },
      selection: { ...NOTHING_SELECTED, nodes: new Set(['1']) },
    }))
    await vi.advanceTimersByTimeAsync(QUIET)
    waiting.shift()?.(() => 50)
    expect(written).toHaveBeenCalledTimes(1)
  })

  it('the small storage has what is there when the page is left, and nothing older than the vault', async () => {
    const { own, keeper, waiting, type } = windowOf(1)
    type(1)
    await keeper.now()
    expect(readKept(own.getItem('inkloom.open'))?.open[0]?.text).toContain('"pos":[1,0]')
    type(2)
    await vi.advanceTimersByTimeAsync(QUIET)
    waiting.shift()?.(() => 50)
    await vi.advanceTimersByTimeAsync(0)
    expect(own.getItem('inkloom.open')).toBeNull()
  })
})

describe('what is open', () => {
  it('comes back in the same window, with its names, places and marks', async () => {
    const [own, vault] = [memory(), vaultOf()]
    await keepTabs(createStore(tabs(clean('a'), dirty('b'))), 'me', keeping({ own, vault })).now()
    const found = await restoreTabs('me', own, vaultOf(), nobody)
    expect(found?.kept.open.map(({ id, file, clean }) => [id, file, clean])).toEqual([
      ['a', { path: 'a.json', modified: 7.5 }, true],
      ['b', { path: 'b.json', modified: 7.5 }, false],
    ])
    expect(await restoreTabs('me', memory(), vault, nobody)).toEqual(found) // a crash may lose the small storage
  })

  it('is in the vault alone where the small storage has no room, and nothing old stays there', async () => {
    const [own, vault] = [memory(150), vaultOf()]
    own.held.set('inkloom.open', 'old')
    const keeper = keepTabs(createStore(tabs(dirty('large'))), 'me', keeping({ own, vault }))
    await keeper.now()
    expect([own.held.size, keeper.safe()]).toEqual([0, true])
    expect(namesOf(await restoreTabs('me', own, vault, nobody))).toEqual(['large'])
  })

  it('is not safe, and that is said, where neither takes it', async () => {
    const told: unknown[] = []
    const closed: Vault = { ...vaultOf(), write: () => Promise.reject(new Error('forbidden')) }
    const failed = (error: unknown) => void told.push(error)
    const given = keeping({ own: memory(0), vault: closed, failed })
    const keeper = keepTabs(createStore(tabs(dirty('a'))), 'me', given)
    await keeper.now()
    expect([keeper.safe(), told]).toEqual([false, [new Error('forbidden')]])
  })

  it('comes from windows that are gone: all of the last one, what was not saved of others', async () => {
    const vault = vaultOf(
      await recordOf('old', 1, [clean('a'), dirty('b')]),
      await recordOf('last', 3, [clean('c'), dirty('d')]),
      await recordOf('living', 4, [dirty('e')]),
    )
    const alive = async () => new Set(['living', 'me'])
    const found = await restoreTabs('me', memory(), vault, alive)
    expect(namesOf(found)).toEqual(['c', 'd', 'b'])
    expect(found?.taken).toEqual(['last', 'old'])
    expect(await restoreTabs('me', memory(), vaultOf(), alive)).toBeNull()
  })

  it('is taken from the last window, and left there, where nobody knows who is alive', async () => {
    const vault = vaultOf(await recordOf('a', 1, [dirty('a')]), await recordOf('b', 2, [dirty('b')]))
    const found = await restoreTabs('me', memory(), vault, async () => null)
    expect([namesOf(found), found?.taken]).toEqual([['b'], []])
  })

  it.each([null, '', '[]', '{"open": 1}', '{"active": "a"}'])('is nothing in %j', (text) => {
    expect(readKept(text)).toBeNull()
  })
})
