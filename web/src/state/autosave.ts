/** What is open, kept in the browser at every change, so that a reload or a crash loses nothing. */

import { writeDocument } from '../core/files/writing'
import type { Kept } from './settings'
import type { Store } from './store'
import { type HomeFile, isDirty, type Tab, type Tabs } from './tabs'
import type { Vault } from './vault'

/** A workflow as it is kept; `clean` where its text was saved elsewhere, too. */
export interface KeptTab {
  readonly id: string
  readonly name: string | null
  /** Where it lies on the server; null for nowhere. */
  readonly file: HomeFile | null
  readonly text: string
  readonly clean: boolean
  /** The instances of subgraphs that lead to what is looked at. */
  readonly path: readonly string[]
}

export interface KeptTabs {
  readonly active: string
  readonly open: readonly KeptTab[]
}

/** Milliseconds of quiet after which a change is kept; when the page is left, it is at once. */
export const QUIET = 300

const KEY = 'inkloom.open'

export function keptOf(tabs: Tabs): KeptTabs {
  return { active: tabs.active, open: tabs.open.map(keptTab) }
}

function keptTab(tab: Tab): KeptTab {
  const text = writeDocument(tab.edited.document)
  const path = tab.path.map((step) => step.node)
  return { id: tab.id, name: tab.name, file: tab.file, text, clean: !isDirty(tab), path }
}

/** Returns what was kept; null for nothing, or for what is not of the form that is written here. */
export function readKept(text: string | null): KeptTabs | null {
  if (text === null) return null
  let given: unknown
  try {
    given = JSON.parse(text)
  } catch {
    return null
  }
  const { active, open } = (given ?? {}) as { readonly active?: unknown; readonly open?: unknown }
  if (typeof active !== 'string' || !Array.isArray(open)) return null
  const tabs = open.flatMap((one: Record<string, unknown> | null): KeptTab[] => {
    if (typeof one?.['id'] !== 'string' || typeof one['text'] !== 'string') return []
    const name = typeof one['name'] === 'string' ? one['name'] : null
    const file = homeFileIn(one['file'])
    const path = Array.isArray(one['path']) ? one['path'].filter((id) => typeof id === 'string') : []
    return [{ id: one['id'], name, file, text: one['text'], clean: one['clean'] === true, path }]
  })
  return { active, open: tabs }
}

function homeFileIn(value: unknown): HomeFile | null {
  const { path, modified } = (value ?? {}) as { readonly path?: unknown; readonly modified?: unknown }
  return typeof path === 'string' && typeof modified === 'number' ? { path, modified } : null
}

/** What keeps the tabs of a window. */
export interface Keeper {
  /** Keeps what is open at once, for when the page is left; resolves when it is safe. */
  readonly now: () => Promise<void>
  /** Whether all that is open is kept, or soon will be: false once the browser has refused. */
  readonly safe: () => boolean
}

/**
 * Keeps what is open from now on. `own` is the storage of this window, which is written at once but is small;
 * `vault` has room for all, and for other windows to find.
 */
export function keepTabs(
  tabs: Store<Tabs>,
  window: string,
  own: Kept,
  vault: Vault,
  failed: (error: unknown) => void,
): Keeper {
  let timer: ReturnType<typeof setTimeout> | undefined
  let written: Tabs | null = null
  let safe = true
  async function write(): Promise<void> {
    clearTimeout(timer)
    const now = tabs.get()
    if (written === now || now.open.length === 0) return
    written = now
    const text = JSON.stringify(keptOf(now))
    const small = keepSmall(own, text)
    try {
      await vault.write({ window, time: Date.now(), text })
      safe = true
    } catch (error) {
      safe = small
      if (!small) failed(error)
    }
  }
  tabs.subscribe(() => {
    clearTimeout(timer)
    timer = setTimeout(() => void write(), QUIET)
  })
  return { now: write, safe: () => safe }
}

/** Keeps a text in the storage of the window; false where there is no room for it, or storage is forbidden. */
function keepSmall(own: Kept, text: string): boolean {
  try {
    own.setItem(KEY, text)
    return true
  } catch {
    try {
      own.removeItem(KEY) // an older text must not come back in place of what the vault has
    } catch {
      // where nothing may be kept, nothing old is there
    }
    return false
  }
}

/** What a window begins with, and the records of other windows that are part of it and may go once it is kept. */
export interface Restored {
  readonly kept: KeptTabs
  readonly taken: readonly string[]
}

/**
 * Returns what this window had; else what windows had that are gone: all of the last one, and what was not saved
 * in others. `alive` tells which windows are still there; null where nobody can tell.
 */
export async function restoreTabs(
  window: string,
  own: Kept,
  vault: Vault,
  alive: () => Promise<ReadonlySet<string> | null>,
): Promise<Restored | null> {
  const small = readKept(own.getItem(KEY))
  if (small !== null) return { kept: small, taken: [] }
  const records = [...(await vault.all())].sort((one, other) => other.time - one.time)
  const mine = readKept(records.find((one) => one.window === window)?.text ?? null)
  if (mine !== null) return { kept: mine, taken: [] }
  const living = await alive()
  const gone = living === null ? records.slice(0, 1) : records.filter((one) => !living.has(one.window))
  const read = gone.flatMap(({ text }) => readKept(text) ?? [])
  const [last, ...others] = read
  if (last === undefined) return null
  const ids = new Set(last.open.map((one) => one.id))
  const unsaved = others.flatMap(({ open }) => open.filter((one) => !one.clean && !ids.has(one.id)))
  const taken = living === null ? [] : gone.map((one) => one.window)
  return { kept: { active: last.active, open: [...last.open, ...unsaved] }, taken }
}
