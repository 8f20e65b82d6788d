/** Dragging things of the panels onto the canvas. */

import type { DragEvent } from 'react'
import type { App } from '../state/app'
import { addAt, addModel } from './adding'

const [NODE, MODEL] = ['application/x-inkloom-node', 'application/x-inkloom-model']

export function dragNode(event: DragEvent, type: string): void {
  event.dataTransfer.setData(NODE, type)
  event.dataTransfer.effectAllowed = 'copy'
}

/** `name` is that of a file in a folder of models. */
export function dragModel(event: DragEvent, folder: string, name: string): void {
  event.dataTransfer.setData(MODEL, JSON.stringify({ folder, name }))
  event.dataTransfer.effectAllowed = 'copy'
}

/** Takes in what is dropped on the canvas; tells whether it was something of ours. */
export function dropped(app: App, event: DragEvent): boolean {
  const [type, model] = [event.dataTransfer.getData(NODE), event.dataTransfer.getData(MODEL)]
  if (type === '' && model === '') return false
  event.preventDefault()
  const at = app.canvas.get()?.at(event.clientX, event.clientY)
  if (at == null) return true
  if (type !== '') addAt(app, type, at)
  else {
    const { folder, name } = JSON.parse(model) as { folder: string; name: string }
    addModel(app, folder, name, at)
  }
  return true
}
