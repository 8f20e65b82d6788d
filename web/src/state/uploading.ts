/** Files of a person that become choices of a field. */

import { setValue } from '../core/commands/nodes'
import type { Widget } from '../core/definitions'
import type { GraphNode, NodeId } from '../core/document'
import { nameOf } from '../core/inputFiles'
import { type ShownField, shownValues } from '../core/widgets'
import { type App, attempt, say } from './app'
import { edit, placeOf } from './editing'
import { readNodes } from './opening'

type Combo = Extract<Widget, { readonly kind: 'combo' }>

/** Returns what a field takes as a file, as a browser's file picker wants it. */
export function accepted(widget: Combo): string {
  return widget.upload === null || widget.upload === 'file' ? '' : `${widget.upload}/*`
}

/** Sends a file, and gives `use` the name by which the field names it. */
export function upload(app: App, widget: Combo, file: File, use: (name: string) => void): Promise<void> {
  return attempt(app, say(app, 'widget.upload.failed', { name: file.name }), async () => {
    const folder = widget.folder ?? 'input'
    const { name, subfolder, type } = await app.api.upload(file, file.name, { type: folder })
    await readNodes(app) // it is among the choices now
    use(nameOf({ filename: name, subfolder, type }, folder))
  })
}

/** Returns the field of a node that takes files; undefined for none. */
export function uploadField(app: App, node: GraphNode): ShownField | undefined {
  const place = placeOf(app)
  if (place === null) return undefined
  return shownValues(place.document, place.definitions, node).find(
    ({ field }) => field.input?.widget?.kind === 'combo' && field.input.widget.upload !== null,
  )
}

/** Puts a file into the field of a node that takes files; returns whether there is one. */
export function uploadInto(app: App, id: NodeId, file: File): boolean {
  const node = placeOf(app)?.shown.nodes.get(id)
  const shown = node && uploadField(app, node)
  const widget = shown?.field.input?.widget
  if (shown === undefined || widget?.kind !== 'combo') return false
  const label = shown.field.input?.label ?? shown.field.name
  void upload(app, widget, file, (name) => edit(app, label, (at) => setValue(at, id, shown.field, name)))
  return true
}
