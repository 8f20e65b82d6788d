/** Settings on the server, so that they are the same in every browser of a person. */

import type { Api } from '../core/api/client'
import { type Json, plain, sameJson } from '../core/json'
import { DEFAULTS, type Settings, settingsOf } from './settings'
import type { Store } from './store'

/** What belongs to a window and not to a person, and stays in the browser. */
const OWN: ReadonlySet<string> = new Set<keyof Settings>(['panel', 'panelWidth', 'dock', 'dockHeight'])

const SHARED = (Object.keys(DEFAULTS) as (keyof Settings)[]).filter((name) => !OWN.has(name))

const idOf = (name: string) => `inkloom.${name}`

/** Milliseconds of quiet after which a change is sent. */
const QUIET = 400

/** Returns settings with what the server has of them in place of what the browser had. */
export function withShared(settings: Settings, told: ReadonlyMap<string, Json>): Settings {
  const known = SHARED.filter((name) => told.has(idOf(name)))
  const given = Object.fromEntries(known.map((name) => [name, plain(told.get(idOf(name)) ?? null)]))
  return settingsOf({ ...settings, ...given })
}

/** Returns what has changed between two, by the ids that the server has it under. */
export function changesOf(before: Settings, after: Settings): ReadonlyMap<string, Json> {
  const changed = SHARED.filter((name) => !sameJson(jsonOf(before[name]), jsonOf(after[name])))
  return new Map(changed.map((name) => [idOf(name), jsonOf(after[name])]))
}

function jsonOf(value: unknown): Json {
  if (Array.isArray(value)) return value.map(jsonOf)
  if (typeof value !== 'object' || value === null) return value as Json
  return new Map(Object.entries(value).map(([key, one]) => [key, jsonOf(one)]))
}

/** Reads the settings that the server has, and sends it those that change from now on. */
export async function shareSettings(
  settings: Store<Settings>,
  api: Pick<Api, 'settings' | 'saveSetting'>,
  failed: (error: unknown) => void,
): Promise<void> {
  let sent = settings.get()
  let timer: ReturnType<typeof setTimeout> | undefined
  async function send(): Promise<void> {
    const now = settings.get()
    try {
      for (const [id, value] of changesOf(sent, now)) await api.saveSetting(id, value)
      sent = now
    } catch (error) {
      failed(error)
    }
  }
  settings.subscribe(() => {
    clearTimeout(timer)
    timer = setTimeout(() => void send(), QUIET)
  })
  const told = await api.settings()
  const changedSince = changesOf(sent, settings.get())
  const merged = withShared(sent, told)
  sent = merged
  settings.set(settingsOf({ ...merged, ...valuesOf(settings.get(), changedSince), ...ownOf(settings.get()) }))
}

/** What was changed while the server was asked counts, since it is newer. */
function valuesOf(settings: Settings, changes: ReadonlyMap<string, Json>): Partial<Settings> {
  return Object.fromEntries(
    SHARED.filter((name) => changes.has(idOf(name))).map((name) => [name, settings[name]]),
  )
}

function ownOf(settings: Settings): Partial<Settings> {
  return Object.fromEntries(Object.entries(settings).filter(([name]) => OWN.has(name)))
}
