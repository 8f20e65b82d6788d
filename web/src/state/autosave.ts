/**
 * What is open, kept in the browser after every change, so that a reload or a crash loses nothing. None of it is done
 * while frames are drawn: only when the page is idle, and of a workflow only what has changed.
 */

import type { Document } from '../core/document'
import { createWriter } from '../core/files/remembering'
import type { Kept } from './settings'
import type { Store } from './store'
import { type HomeFile, isDirty, type Tabs } from './tabs'
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

/** Milliseconds of quiet after which a change is kept, once the page is idle; when the page is left, it is at once. */
export const QUIET = 300

const KEY = 'inkloom.open'

function keptOf(tabs: Tabs, write: (document: Document) => string): KeptTabs {
  const open = tabs.open.map((tab): KeptTab => {
    const path = tab.path.map((step) => step.node)
    const text = write(tab.edited.document)
    return { id: tab.id, name: tab.name, file: tab.file, text, clean: !isDirty(tab), path }
  })
  return { active: tabs.active, open }
}

/** Tells whether the same is kept of both: where one looks, and what is chosen, is not. */
function keepsSame(one: Tabs, other: Tabs): boolean {
  return (
    one.active === other.active &&
    one.open.length === other.open.length &&
    one.open.every((tab, at) => {
      const { id, name, file, edited, saved, path } = other.open[at] ?? {}
      return (
        tab.id === id &&
        tab.name === name &&
        tab.file === file &&
        tab.edited.document === edited?.document &&
        tab.saved === saved &&
        tab.path === path
      )
    })
  )
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

/** Calls back when the page has nothing else to do, with what tells for how many milliseconds; returns what takes it back. */
export type Idle = (act: (left: () => number) => void) => () => void

/** What tabs are kept with. */
export interface Keeping {
  /** The storage of this window: small and slow, but written before the page is gone. */
  readonly own: Kept
  /** Has room for all, and is found by other windows. */
  readonly vault: Vault
  readonly idle: Idle
  readonly failed: (error: unknown) => void
}

/**
 * Keeps what is open from now on: in the vault whenever something has changed, and in the storage of the window when
 * the page is left, or where the vault refuses.
 */
export function keepTabs(tabs: Store<Tabs>, window: string, { own, vault, idle, failed }: Keeping): Keeper {
  const writer = createWriter()
  let timer: ReturnType<typeof setTimeout> | undefined
  let forget = () => {}
  let written: Tabs | null = null
  let safe = true
  let leavings = 0

  /** `leaving`: the vault may come too late. */
  async function write(leaving: boolean): Promise<void> {
    clearTimeout(timer)
    forget()
    const now = tabs.get()
    if (now.open.length === 0) return
    const same = written !== null && keepsSame(written, now)
    if (same && !leaving) return
    written = now
    const text = JSON.stringify(keptOf(now, writer.text))
    if (leaving) leavings += 1
    const before = leavings
    let small = leaving && keepSmall(own, text)
    if (same) return
    try {
      await vault.write({ window, time: Date.now(), text })
      safe = true
      if (!leaving && leavings === before) forgetSmall(own) // what it has is older now
    } catch (error) {
      small ||= keepSmall(own, text)
      safe = small
      if (!small) failed(error)
    }
  }
  function whenIdle(left: () => number): void {
    const ready = tabs.get().open.every((tab) => writer.prepare(tab.edited.document, left))
    if (ready) void write(false)
    else forget = idle(whenIdle)
  }
  tabs.subscribe(() => {
    clearTimeout(timer)
    forget()
    timer = setTimeout(() => {
      forget = idle(whenIdle)
    }, QUIET)
  })
  return { now: () => write(true), safe: () => safe }
}

/** Keeps a text in the storage of the window; false where there is no room for it, or storage is forbidden. */
function keepSmall(own: Kept, text: string): boolean {
  try {
    own.setItem(KEY, text)
    return true
  } catch {
    forgetSmall(own)
    return false
  }
}

/** An older text must not come back in place of what the vault has. */
function forgetSmall(own: Kept): void {
  try {
    own.removeItem(KEY)
  } catch {
    // where nothing may be kept, nothing old is there
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
