/** What a mask can be drawn on: a picture that a node loads. */

import type { NodeId } from '../core/document'
import { fileNamed } from '../core/inputFiles'
import { type ShownField, shownValues, titleOf } from '../core/widgets'
import type { App } from './app'
import { type Place, placeOf } from './editing'
import type { MaskTarget, Owner } from './shapes'

/** Returns the picture that a field names; null where it is none for pictures, or names none. */
export function targetOfField(owner: Owner, { field, value }: ShownField): MaskTarget | null {
  const widget = field.input?.widget
  if (widget?.kind !== 'combo' || widget.upload !== 'image') return null
  if (typeof value !== 'string' || value === '') return null
  const folder = widget.folder ?? 'input'
  const { name, holder } = field
  return { ...owner, field: { name, holder }, file: fileNamed(value, folder), folder }
}

/** Returns the picture that a node loads; null where it loads none. */
export function maskTargetOf(
  { document, definitions, shown, graph, tab }: Place,
  id: NodeId,
): MaskTarget | null {
  const node = shown.nodes.get(id)
  if (node === undefined) return null
  const owner = { tab: tab.id, graph, node: id, title: titleOf(document, definitions, node) }
  for (const one of shownValues(document, definitions, node)) {
    const linked = node.inputs.some((input) => input.widget === one.field.name && input.link !== null)
    const target = linked ? null : targetOfField(owner, one)
    if (target !== null) return target
  }
  return null
}

/** Returns the picture that a node of what is looked at loads. */
export function targetIn(app: App, id: NodeId): MaskTarget | null {
  const place = placeOf(app)
  return place === null ? null : maskTargetOf(place, id)
}

/** Returns the picture of the one node that is chosen. */
export function chosenTarget(app: App): MaskTarget | null {
  const place = placeOf(app)
  const [id, ...others] = place?.tab.selection.nodes ?? []
  return place === null || id === undefined || others.length > 0 ? null : maskTargetOf(place, id)
}

export function openMask(app: App, target: MaskTarget | null): void {
  if (target !== null) app.dialog.set({ id: 'mask', target })
}
