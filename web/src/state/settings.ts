/** What a person has chosen of the editor itself; kept in the browser, and on the server (`sharing.ts`). */

import { createStore, type Store } from './store'

export const LINK_STYLES = ['curve', 'steps', 'straight'] as const
export type LinkStyle = (typeof LINK_STYLES)[number]

export const TILE = { least: 72, most: 240 } as const

export interface Settings {
  readonly theme: 'system' | 'dark' | 'light'
  /** The code of a language, or `system`. */
  readonly language: string
  readonly minimap: boolean
  readonly grid: boolean
  readonly linkStyle: LinkStyle
  /** Pixels along the edge of a picture in the gallery. */
  readonly tile: number
  /** Types of nodes that stand above the others in the library. */
  readonly favourites: readonly string[]
  /** Keys of commands, by their ids, where they are others than those of the table. */
  readonly keys: Readonly<Record<string, readonly string[]>>
  /** The panel that is open on the left: its id, or none. */
  readonly panel: string | null
  /** Pixels. */
  readonly panelWidth: number
  /** When seeds move on: after each run, so that what is shown is what runs next, or before it. */
  readonly seeds: 'after' | 'before'
  /** What is open below the canvas: its id, or nothing. */
  readonly dock: string | null
  /** Pixels. */
  readonly dockHeight: number
}

export const DEFAULTS: Settings = {
  theme: 'system',
  language: 'system',
  minimap: true,
  grid: false,
  linkStyle: 'curve',
  tile: 120,
  favourites: [],
  keys: {},
  panel: null,
  panelWidth: 280,
  seeds: 'after',
  dock: null,
  dockHeight: 284,
}

const KEY = 'inkloom.settings'

/** What is kept of a browser's storage: text by name. Calls may throw where the browser forbids it. */
export type Kept = Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>

/** Returns settings from what was kept of them; what is not as it should be is as it is at first. */
export function readSettings(text: string | null): Settings {
  let given: unknown
  try {
    given = JSON.parse(text ?? '{}')
  } catch {
    return DEFAULTS
  }
  return settingsOf(given)
}

/** As `readSettings`, from a value. */
export function settingsOf(given: unknown): Settings {
  if (typeof given !== 'object' || given === null) return DEFAULTS
  const found = given as Readonly<Record<string, unknown>>
  const flag = (name: 'minimap' | 'grid') => (typeof found[name] === 'boolean' ? found[name] : DEFAULTS[name])
  return {
    theme: found['theme'] === 'dark' || found['theme'] === 'light' ? found['theme'] : 'system',
    language: typeof found['language'] === 'string' ? found['language'] : DEFAULTS.language,
    minimap: flag('minimap'),
    grid: flag('grid'),
    linkStyle: LINK_STYLES.find((one) => one === found['linkStyle']) ?? DEFAULTS.linkStyle,
    tile: within(found['tile'], TILE.least, TILE.most) ?? DEFAULTS.tile,
    favourites: texts(found['favourites']) ?? DEFAULTS.favourites,
    keys: keysIn(found['keys']),
    panel: typeof found['panel'] === 'string' ? found['panel'] : null,
    panelWidth: within(found['panelWidth'], 200, 640) ?? DEFAULTS.panelWidth,
    seeds: found['seeds'] === 'before' ? 'before' : 'after',
    dock: typeof found['dock'] === 'string' ? found['dock'] : null,
    dockHeight: within(found['dockHeight'], 120, 720) ?? DEFAULTS.dockHeight,
  }
}

function texts(value: unknown): readonly string[] | undefined {
  return Array.isArray(value) && value.every((one) => typeof one === 'string') ? value : undefined
}

function keysIn(value: unknown): Settings['keys'] {
  if (typeof value !== 'object' || value === null) return DEFAULTS.keys
  const rows = Object.entries(value).flatMap(([id, keys]) => {
    const read = texts(keys)
    return read === undefined ? [] : [[id, read] as const]
  })
  return Object.fromEntries(rows)
}

function within(value: unknown, least: number, most: number): number | undefined {
  return typeof value === 'number' && value >= least && value <= most ? value : undefined
}

/** Returns the settings as a store that keeps every change. */
export function createSettings(kept: Kept): Store<Settings> {
  const store = createStore(readSettings(kept.getItem(KEY)))
  store.subscribe(() => kept.setItem(KEY, JSON.stringify(store.get())))
  return store
}
