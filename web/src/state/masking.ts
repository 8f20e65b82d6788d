/** What a mask can be drawn on: a picture that a node loads. */

import type { FileRef } from '../core/api/shapes'
import type { NodeId } from '../core/document'
import type { Field } from '../core/fields'
import { fileNamed } from '../core/inputFiles'
import { shownValues, titleOf } from '../core/widgets'
import type { App } from './app'
import { type Place, placeOf } from './editing'

export interface MaskTarget {
  readonly node: NodeId
  readonly title: string
  readonly field: Pick<Field, 'name' | 'holder'>
  readonly file: FileRef
  /** The folder that the field means where it names none. */
  readonly folder: string
}

/** Returns the picture that a node loads; null where it loads none. */
export function maskTargetOf({ document, definitions, shown }: Place, id: NodeId): MaskTarget | null {
  const node = shown.nodes.get(id)
  if (node === undefined) return null
  for (const { field, value } of shownValues(document, definitions, node)) {
    const widget = field.input?.widget
    const linked = node.inputs.some((input) => input.widget === field.name && input.link !== null)
    if (widget?.kind !== 'combo' || widget.upload !== 'image' || linked) continue
    if (typeof value !== 'string' || value === '') continue
    const { name, holder } = field
    const folder = widget.folder ?? 'input'
    return {
      node: id,
      title: titleOf(document, definitions, node),
      field: { name, holder },
      file: fileNamed(value, folder),
      folder,
    }
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
