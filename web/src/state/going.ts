/** Going to where something is: into the subgraph that it lies in, and there. */

import { locate } from '../core/api/errors'
import type { NodeId } from '../core/document'
import type { App, CanvasHandle } from './app'
import { selectNodes } from './editing'
import { activeTab, entered, left, withTab } from './tabs'

/** Looks into instances of subgraphs, and acts on the canvas once it shows what is inside of the last. */
export function lookAt(app: App, path: readonly NodeId[], act: (canvas: CanvasHandle) => void): void {
  const tab = activeTab(app.tabs.get())
  if (tab === undefined) return
  const now = tab.path.map((step) => step.node)
  const common = path.findIndex((step, at) => now[at] !== step)
  const shared = common < 0 ? path.length : common
  if (now.length === path.length && shared === path.length) {
    const canvas = app.canvas.get()
    if (canvas !== null) act(canvas)
    return
  }
  app.tabs.update((tabs) =>
    withTab(tabs, tab.id, (one) => path.slice(shared).reduce(entered, left(one, shared))),
  )
  // The canvas of another graph comes with the next drawing.
  const stop = app.canvas.subscribe(() => {
    const canvas = app.canvas.get()
    if (canvas === null) return
    stop()
    act(canvas)
  })
}

/** Shows a node by the id that it runs under; one that is not there (any more) leaves all as it is. */
export function goTo(app: App, id: string): void {
  const tab = activeTab(app.tabs.get())
  const where = tab && locate(tab.edited.document, id)
  if (where === undefined) return
  lookAt(app, where.path, (canvas) => canvas.fit([where.node]))
  selectNodes(app, [where.node])
}
