/** All stores of the editor, and what they are made from. Everything that acts is given this one value. */

import type { Api } from '../core/api/client'
import type { FileRef, ModelFile, Residency } from '../core/api/shapes'
import type { ConnectionState } from '../core/api/socket'
import type { End } from '../core/commands/plan'
import type { Ends } from '../core/commands/reroutes'
import type { Definitions } from '../core/definitions'
import type { Box, Document, GraphNode, LinkId, NodeId, Point, RerouteId, View } from '../core/document'
import type { Draw } from '../core/seeds'
import type { MessageKey, Translate, Values } from '../i18n'
import { languageOf, translator } from '../i18n'
import { type Jobs, NO_JOBS } from './jobs'
import { type Jumps, NO_JUMPS } from './jumps'
import { createRunStores, type RunStores } from './run'
import type { Settings } from './settings'
import type { GridRun, Listed, LogLine, MaskTarget } from './shapes'
import { createKeyedStore, createStore, type KeyedStore, type Store } from './store'
import type { Tabs } from './tabs'

/** A short message in a corner. */
export interface Toast {
  readonly id: number
  readonly tone: 'info' | 'good' | 'bad'
  readonly title: string
  readonly text: string
  /** What can be done about it. */
  readonly action?: { readonly title: string; readonly act: () => void }
}

/** A picture that is looked at as large as the window allows. */
export interface Viewed {
  readonly url: string
  readonly name: string
  readonly caption: string
  /** Where it lies on the server; not said of what does not. */
  readonly file?: FileRef
}

/** A dialog that is open; `ui/dialogs/table.tsx` has one component for each. */
export type Dialog =
  | { readonly id: 'palette' | 'help' | 'settings' | 'grid' | 'exposing' }
  | { readonly id: 'search'; readonly at: Point; readonly from?: PortFrom }
  | { readonly id: 'picture'; readonly pictures: readonly Viewed[]; readonly at: number }
  | { readonly id: 'mask'; readonly target: MaskTarget }
  | { readonly id: 'traceback'; readonly title: string; readonly lines: readonly string[] }
  | { readonly id: 'compare'; readonly files: readonly [FileRef, FileRef] }
  | { readonly id: 'model'; readonly folder: string; readonly file: ModelFile }
  | {
      readonly id: 'ask'
      readonly title: string
      readonly label: string
      readonly value: string
      readonly action: string
      readonly answer: (text: string | null) => void
    }
  | {
      readonly id: 'confirm'
      readonly title: string
      readonly text: string
      readonly action: string
      readonly answer: (yes: boolean) => void
    }

/** A port that a link is drawn from; `field` where it is a field that has no input yet. */
export interface PortFrom {
  readonly side: 'input' | 'output'
  readonly type: string
  readonly end: End
  readonly field: string | null
  /** The point of a link that another branches off at. */
  readonly via?: RerouteId
}

/** A menu of what the mouse is at, or the keyboard. What it is about has been chosen before. */
export interface MenuAt {
  readonly about: 'canvas' | 'nodes' | 'link' | 'group' | 'reroute' | 'gate'
  /** Pixels of the window. */
  readonly x: number
  readonly y: number
  /** The same as a point of the graph. */
  readonly at: Point
  /** The field of a node that it is at. */
  readonly field?: FieldAt
}

/** A field of a node of the graph that is looked at; `holder` as `core/fields.ts` has it. */
export interface FieldAt {
  readonly node: NodeId
  readonly name: string
  readonly holder: NodeId | null
}

/** How a workflow is shown: all of it, or only the fields that it exposes. */
export type Face = 'graph' | 'form'

/** What the canvas can be told to do, while there is one. */
export interface CanvasHandle {
  fit(nodes?: readonly string[]): void
  /** Moves the view by pixels. */
  pan(x: number, y: number): void
  /** Shows a place of the graph that was looked at before. */
  show(view: View): void
  view(): View
  /** Brings the keyboard to a node; into view what is not wholly seen, or with `still` only what is not at all. */
  reach(node: string, still?: boolean): void
  /** Tells whether some of the boxes are seen, at least in part; also of none. */
  sees(boxes: readonly Box[]): boolean
  /** Shows boxes, no larger than before. */
  bring(boxes: readonly Box[]): void
  zoom(factor: number): void
  zoomTo(scale: number): void
  /** Returns the box that a node is drawn in, which may be larger than its file says. */
  boxOf(node: GraphNode): Box
  /** Returns where a link begins and ends; null for one that is not there. */
  ends(link: LinkId): Ends | null
  /** Returns the point of the graph that the mouse was at last; null where it was not on the canvas. */
  pointer(): Point | null
  /** Returns the point of the graph in the middle of what is seen. */
  middle(): Point
  /** Returns the point of the graph at a point of the window; null where that is not on the canvas. */
  at(x: number, y: number): Point | null
}

export interface App {
  /** What this window is called on the websocket. */
  readonly client: string
  readonly api: Api
  readonly definitions: Store<Definitions>
  readonly tabs: Store<Tabs>
  readonly run: RunStores
  readonly jobs: Store<Jobs>
  /** Jobs of all windows, newest first, while they are looked at. */
  readonly queue: Store<Listed>
  /** What is in the server's memory, while that is looked at; null before it was told. */
  readonly memory: Store<Residency | null>
  /** Ends when all that was to be queued so far has been. */
  readonly turn: Store<Promise<void>>
  /** How many times a run is asked for at once. */
  readonly times: Store<number>
  /** By tab: the workflow as it was queued last. */
  readonly ran: KeyedStore<Document>
  /** What the server logs, while that is looked at. */
  readonly logs: Store<readonly LogLine[]>
  readonly connection: Store<ConnectionState>
  /** When the server is tried again: milliseconds of the app's clock; and what tries it now. */
  readonly retry: Store<{ readonly at: number; readonly now: () => void } | null>
  readonly settings: Store<Settings>
  readonly language: Store<string>
  readonly dialog: Store<Dialog | null>
  readonly face: Store<Face>
  /** The A/B grid that was queued last. */
  readonly grid: Store<GridRun | null>
  readonly toasts: Store<readonly Toast[]>
  readonly canvas: Store<CanvasHandle | null>
  readonly menu: Store<MenuAt | null>
  /** The node, or `group:` with its id, whose title is being typed. */
  readonly renaming: Store<string | null>
  /** What was copied last in this window, for browsers that keep their clipboard to themselves. */
  readonly copied: Store<string | null>
  /** The last thing that was said to those who listen to the screen. */
  readonly spoken: Store<string>
  /** The port that the keyboard has begun a link at. */
  readonly linking: Store<PortFrom | null>
  readonly jumps: Store<Jumps>
  /** Milliseconds of a clock that only goes forward. */
  readonly now: () => number
  /** Draws a number below a bound. */
  readonly draw: Draw
  readonly newId: () => string
}

export interface AppParts {
  readonly client: string
  readonly api: Api
  readonly settings: Store<Settings>
  /** The languages that the browser's user reads, best first. */
  readonly languages: readonly string[]
  readonly now: () => number
  /** Draws a number below a bound. */
  readonly draw: Draw
  readonly newId: () => string
}

export function createApp({ languages, settings, ...parts }: AppParts): App {
  const language = createStore(languageOf(settings.get().language, languages))
  settings.subscribe(() => language.set(languageOf(settings.get().language, languages)))
  return {
    ...parts,
    settings,
    language,
    definitions: createStore<Definitions>(new Map()),
    tabs: createStore<Tabs>({ open: [], active: '' }),
    run: createRunStores(),
    jobs: createStore<Jobs>(NO_JOBS),
    queue: createStore<Listed>({ jobs: [], next: null }),
    memory: createStore<Residency | null>(null),
    turn: createStore(Promise.resolve()),
    times: createStore(1),
    ran: createKeyedStore<Document>(),
    logs: createStore<readonly LogLine[]>([]),
    connection: createStore<ConnectionState>('connecting'),
    retry: createStore<{ readonly at: number; readonly now: () => void } | null>(null),
    dialog: createStore<Dialog | null>(null),
    face: createStore<Face>('graph'),
    grid: createStore<GridRun | null>(null),
    toasts: createStore<readonly Toast[]>([]),
    canvas: createStore<CanvasHandle | null>(null),
    menu: createStore<MenuAt | null>(null),
    renaming: createStore<string | null>(null),
    copied: createStore<string | null>(null),
    spoken: createStore(''),
    linking: createStore<PortFrom | null>(null),
    jumps: createStore<Jumps>(NO_JUMPS),
  }
}

/** Says something in the editor's language, outside of components. */
export function say(app: App, key: MessageKey, values?: Values): string {
  return translatorOf(app)(key, values)
}

export function translatorOf(app: App): Translate {
  return translator(app.language.get())
}

/** Shows a message; it goes by itself, a bad one only when it is put away. */
export function toast(
  app: App,
  tone: Toast['tone'],
  title: string,
  text = '',
  action?: Toast['action'],
): void {
  const id = (app.toasts.get().at(-1)?.id ?? 0) + 1
  app.toasts.update((old) => [...old.slice(-3), { id, tone, title, text, ...(action ? { action } : {}) }])
}

export function dismissToast(app: App, id: number): void {
  app.toasts.update((old) => old.filter((one) => one.id !== id))
}

/** Asks before something is lost. */
export function confirm(app: App, title: string, text: string, action: string): Promise<boolean> {
  return new Promise((answer) => app.dialog.set({ id: 'confirm', title, text, action, answer }))
}

/** Asks for a text; null where there is none. */
export function askText(
  app: App,
  { title, label, value, action }: { title: string; label: string; value: string; action: string },
): Promise<string | null> {
  return new Promise((answer) => app.dialog.set({ id: 'ask', title, label, value, action, answer }))
}

/** Does something that may fail, and tells a person when it does. */
export async function attempt(app: App, title: string, work: () => Promise<void>): Promise<void> {
  try {
    await work()
  } catch (error) {
    if (!(error instanceof Error)) throw error
    toast(app, 'bad', title, error.message)
  }
}
