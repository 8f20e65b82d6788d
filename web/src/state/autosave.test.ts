import { describe, expect, it } from 'vitest'
import { EMPTY_DOCUMENT } from '../core/document'
import { keepTabs, readKept, restoreTabs } from './autosave'
import type { Kept } from './settings'
import { createStore } from './store'
import { newTab, type Tab, type Tabs } from './tabs'
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
const dirty = (id: string): Tab => ({ ...clean(id), saved: { ...EMPTY_DOCUMENT } })
const tabs = (...open: readonly Tab[]): Tabs => ({ open, active: open[0]?.id ?? '' })

async function recordOf(window: string, time: number, open: readonly Tab[]): Promise<VaultRecord> {
  const vault = vaultOf()
  await keepTabs(createStore(tabs(...open)), window, memory(), vault, fail).now()
  return { window, time, text: vault.held.get(window)?.text ?? '' }
}

function fail(error: unknown): void {
  throw error
}

const nobody = async () => new Set<string>()
const namesOf = (found: { readonly kept: { readonly open: readonly { readonly id: string }[] } } | null) =>
  found?.kept.open.map((one) => one.id)

describe('what is open', () => {
  it('comes back in the same window, with its names, places and marks', async () => {
    const [own, vault] = [memory(), vaultOf()]
    await keepTabs(createStore(tabs(clean('a'), dirty('b'))), 'me', own, vault, fail).now()
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
    const keeper = keepTabs(createStore(tabs(dirty('large'))), 'me', own, vault, fail)
    await keeper.now()
    expect([own.held.size, keeper.safe()]).toEqual([0, true])
    expect(namesOf(await restoreTabs('me', own, vault, nobody))).toEqual(['large'])
  })

  it('is not safe, and that is said, where neither takes it', async () => {
    const told: unknown[] = []
    const closed: Vault = { ...vaultOf(), write: () => Promise.reject(new Error('forbidden')) }
    const keeper = keepTabs(createStore(tabs(dirty('a'))), 'me', memory(0), closed, (error) =>
      told.push(error),
    )
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
