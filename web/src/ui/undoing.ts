/** Taking steps back and doing them again, where they were made. */

import { changedBoxes, changedGraphs, wayToGraph } from '../core/changes'
import { type Edited, redo as redone, type Step, undo as undone } from '../core/history'
import { type App, say } from '../state/app'
import { changeActive } from '../state/editing'
import { lookAt } from '../state/going'
import { activeTab } from '../state/tabs'
import { announce, remember } from './jumping'

export function undo(app: App): void {
  const step = activeTab(app.tabs.get())?.edited.history.past.at(-1)
  if (step === undefined) return
  change(app, step, undone)
  announce(app, say(app, 'said.undone', { label: step.label }))
}

export function redo(app: App): void {
  const step = activeTab(app.tabs.get())?.edited.history.future[0]
  if (step === undefined) return
  change(app, step, redone)
  announce(app, say(app, 'said.redone', { label: step.label }))
}

/** Goes a step through the history, and shows what it changed: in its subgraph, and in view. */
function change(app: App, step: Step, make: (edited: Edited) => Edited): void {
  const before = activeTab(app.tabs.get())
  changeActive(app, (tab) => ({ ...tab, edited: make(tab.edited) }))
  const after = activeTab(app.tabs.get())
  if (before === undefined || after === undefined || app.face.get() === 'form') return
  const { document } = after.edited
  const ways = changedGraphs(step.there).flatMap((graph) => {
    const path = wayToGraph(document, graph, step.path)
    return path === undefined ? [] : [{ graph, path }]
  })
  const found = ways.find(({ path }) => path.join() === step.path.join()) ?? ways[0]
  if (found === undefined) return
  const boxes = changedBoxes(step.there, found.graph, document, before.edited.document)
  if (found.path.join() !== after.path.map((one) => one.node).join()) remember(app)
  lookAt(app, found.path, (canvas) => {
    if (canvas.sees(boxes)) return
    if (found.path.length === after.path.length) remember(app)
    canvas.bring(boxes)
  })
}
