/** The picture that a node's field names, as it will be loaded. */

import { graphOf } from '../../core/document'
import { fileNamed, nameOf } from '../../core/inputFiles'
import { shownValues } from '../../core/widgets'
import { openMask, targetIn } from '../../state/masking'
import { activeTab } from '../../state/tabs'
import { PictureToLoad } from '../PictureToLoad'
import { useApp, usePicked, useStore } from '../use'

export function LoadedPicture({ id }: { readonly id: string }) {
  const app = useApp()
  const definitions = useStore(app.definitions)
  // A text, for one that stays the same is not drawn anew.
  const named = usePicked(app.tabs, (tabs) => {
    const tab = activeTab(tabs)
    const node = tab && graphOf(tab.edited.document, tab.graph).nodes.get(id)
    if (tab === undefined || node === undefined) return null
    const known = definitions.get(node.type)
    if (!known?.inputs.some((one) => one.widget?.kind === 'combo' && one.widget.upload === 'image'))
      return null
    const shown = shownValues(tab.edited.document, definitions, node).find(
      ({ field }) => field.input?.widget?.kind === 'combo' && field.input.widget.upload === 'image',
    )
    const widget = shown?.field.input?.widget
    if (widget?.kind !== 'combo' || typeof shown?.value !== 'string') return null
    return widget.options.includes(shown.value)
      ? nameOf(fileNamed(shown.value, widget.folder ?? 'input'), '')
      : null
  })
  if (named === null) return null
  return <PictureToLoad file={fileNamed(named, '')} drawMask={() => openMask(app, targetIn(app, id))} />
}
