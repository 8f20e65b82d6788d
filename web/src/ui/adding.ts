/** Adding nodes, from wherever a person asks for one. */

import { addNode } from '../core/commands/create'
import type { Point } from '../core/document'
import type { App } from '../state/app'
import { edit, selectNodes } from '../state/editing'

/** Adds a node of a type and chooses it. */
export function addAt(app: App, type: string, at: Point): void {
  const definition = app.definitions.get().get(type)
  if (definition === undefined) return
  let added = ''
  edit(app, definition.title, (place) => {
    const { ops, node } = addNode(place, type, { x: Math.round(at.x), y: Math.round(at.y) })
    added = node.id
    return ops
  })
  selectNodes(app, [added])
}

/** Adds it in the middle of what is seen. */
export function addHere(app: App, type: string): void {
  const { x, y } = app.canvas.get()?.middle() ?? { x: 0, y: 0 }
  addAt(app, type, { x: x - 140, y: y - 60 })
}
