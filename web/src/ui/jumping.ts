/** Moving the view so that one can go back to where one was. */

import type { NodeId } from '../core/document'
import { type App, say } from '../state/app'
import { enter, leave, placeOf } from '../state/editing'
import { type Jump, jumped, travelled } from '../state/jumps'
import { entered, left, tabOf, withTab } from '../state/tabs'

function here(app: App): Jump | null {
  const tab = placeOf(app)?.tab
  const view = app.canvas.get()?.view()
  if (tab === undefined || view === undefined) return null
  return { tab: tab.id, path: tab.path.map((step) => step.node), view }
}

/** Remembers where one looks, before something else is shown. */
export function remember(app: App): void {
  const from = here(app)
  if (from !== null) app.jumps.update((jumps) => jumped(jumps, from))
}

/** Shows nodes of the graph that is looked at; all of it without any. */
export function jumpTo(app: App, nodes?: readonly NodeId[]): void {
  remember(app)
  app.canvas.get()?.fit(nodes)
}

/** Goes back to where one looked before the last jump, or forth again. */
export function travel(app: App, step: -1 | 1): void {
  const from = here(app)
  const found = from === null ? null : travelled(app.jumps.get(), from, step)
  if (found === null) return
  const [{ tab, path, view }, jumps] = found
  if (tabOf(app.tabs.get(), tab) === undefined) return
  app.jumps.set(jumps)
  app.tabs.update((tabs) => {
    const at = withTab(tabs, tab, (one) => {
      const inside = path.reduce(entered, left(one, 0))
      return { ...inside, view: { x: view.x, y: view.y, scale: view.scale } }
    })
    return { ...at, active: tab }
  })
  app.canvas.get()?.show(view)
}

/** Looks into a subgraph's instance. */
export function lookInto(app: App, node: NodeId): void {
  remember(app)
  enter(app, node)
  announce(app, say(app, 'subgraph.entered', { name: nameOf(app) }))
}

/** Looks at the graph around, or at one further out. */
export function lookOut(app: App, depth?: number): void {
  remember(app)
  leave(app, depth)
  announce(app, say(app, 'subgraph.left', { name: nameOf(app) }))
}

function nameOf(app: App): string {
  const place = placeOf(app)
  return place?.document.subgraphs.get(place.graph)?.name ?? place?.tab.name ?? say(app, 'tabs.untitled')
}

/** Says something to those who listen to the screen; the same sentence twice is said twice. */
export function announce(app: App, text: string): void {
  app.spoken.update((old) => (old === text ? `${text}\u00a0` : text))
}
