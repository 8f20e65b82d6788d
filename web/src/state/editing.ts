/** Changing what is open: every change of a document goes through `edit`, and so can be undone. */

import type { Scene } from '../core/commands/plan'
import { type Document, type Graph, graphOf, type NodeId } from '../core/document'
import * as history from '../core/history'
import type { Op } from '../core/operations'
import type { App } from './app'
import {
  activeTab,
  entered,
  type HomeFile,
  left,
  NOTHING_SELECTED,
  newTab,
  pruned,
  type Selection,
  type Tab,
  tabOf,
  withNewTab,
  withTab,
} from './tabs'

/** What a change is made from: what commands of the core take, and what is chosen. */
export interface Place extends Scene {
  readonly tab: Tab
  /** The graph itself, whose id is `graph`. */
  readonly shown: Graph
}

/** Returns what is looked at; null where no workflow is open. */
export function placeOf(app: App): Place | null {
  const tab = activeTab(app.tabs.get())
  return tab === undefined ? null : placeIn(app, tab)
}

function placeIn(app: App, tab: Tab): Place {
  const { document } = tab.edited
  return {
    tab,
    document,
    definitions: app.definitions.get(),
    graph: tab.graph,
    shown: graphOf(document, tab.graph),
  }
}

/** Makes one step of the operations that `make` returns; steps of one `merge` that follow at once are one. */
export function edit(app: App, label: string, make: (place: Place) => readonly Op[], merge?: string): void {
  editTab(app, app.tabs.get().active, label, make, merge)
}

/** As `edit`, of a workflow that need not be looked at. */
export function editTab(
  app: App,
  id: string,
  label: string,
  make: (place: Place) => readonly Op[],
  merge?: string,
): void {
  const tab = tabOf(app.tabs.get(), id)
  if (tab === undefined) return
  const ops = make(placeIn(app, tab))
  const path = tab.path.map((step) => step.node)
  const options = { label, time: app.now(), path, ...(merge === undefined ? {} : { merge }) }
  app.tabs.update((tabs) =>
    withTab(tabs, id, (one) => pruned({ ...one, edited: history.edit(one.edited, ops, options) })),
  )
}

export function select(app: App, selection: Selection): void {
  changeActive(app, (tab) => ({ ...tab, selection }))
}

export function selectNodes(app: App, nodes: Iterable<NodeId>): void {
  select(app, { ...NOTHING_SELECTED, nodes: new Set(nodes) })
}

/** Looks into an instance of a subgraph of the graph that is looked at. */
export function enter(app: App, node: NodeId): void {
  changeActive(app, (tab) => entered(tab, node))
}

/** Looks at an outer graph: by default the one around; 0 is the document's own. */
export function leave(app: App, depth?: number): void {
  changeActive(app, (tab) => left(tab, depth ?? tab.path.length - 1))
}

export function changeActive(app: App, change: (tab: Tab) => Tab): void {
  app.tabs.update((tabs) => withTab(tabs, tabs.active, (tab) => pruned(change(tab))))
}

/** Opens a document in a tab of its own. */
export function openDocument(
  app: App,
  name: string | null,
  document: Document,
  file: HomeFile | null = null,
): void {
  app.tabs.update((tabs) => withNewTab(tabs, newTab(app.newId(), name, document, file)))
}
