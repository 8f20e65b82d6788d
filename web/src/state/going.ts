/** Going to where something is: into the subgraph that it lies in, and there. */

import { locate } from '../core/api/errors'
import type { App } from './app'
import { selectNodes } from './editing'
import { activeTab, withTab } from './tabs'

/** Shows a node by the id that it runs under; one that is not there (any more) leaves all as it is. */
export function goTo(app: App, id: string): void {
  const tab = activeTab(app.tabs.get())
  const where = tab && locate(tab.edited.document, id)
  if (tab === undefined || where === undefined) return
  const inside = tab.path.map((step) => step.node).join(':') === where.path.join(':')
  if (!inside) {
    const path = where.path.map((node) => ({ node, view: null }))
    app.tabs.update((tabs) =>
      withTab(tabs, tab.id, (one) => ({ ...one, graph: where.graph, path, view: null })),
    )
  }
  selectNodes(app, [where.node])
  if (inside) app.canvas.get()?.fit([where.node])
  else {
    // The canvas of another graph comes with the next drawing.
    const stop = app.canvas.subscribe(() => {
      const canvas = app.canvas.get()
      if (canvas === null) return
      stop()
      canvas.fit([where.node])
    })
  }
}
