/** The picture that a node's field names, as it will be loaded. */

import { graphOf } from '../../core/document'
import { fileNamed } from '../../core/inputFiles'
import { shownValues } from '../../core/widgets'
import { openMask, targetIn } from '../../state/masking'
import { activeTab } from '../../state/tabs'
import { Icon } from '../Icon'
import { useApp, usePicked, useStore, useT } from '../use'

export function LoadedPicture({ id }: { readonly id: string }) {
  const app = useApp()
  const t = useT()
  const definitions = useStore(app.definitions)
  const url = usePicked(app.tabs, (tabs) => {
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
      ? app.api.viewUrl(fileNamed(shown.value, widget.folder ?? 'input'), { preview: 'webp;80' })
      : null
  })
  if (url === null) return null
  return (
    <div className="loaded">
      <img className="picture" src={url} alt={t('widget.picture', { name: nameIn(url) })} draggable={false} />
      <button
        type="button"
        className="button loaded-mask nodrag"
        onClick={() => openMask(app, targetIn(app, id))}
      >
        <Icon name="mask" />
        {t('mask.open')}
      </button>
    </div>
  )
}

const nameIn = (url: string): string => new URL(url, location.href).searchParams.get('filename') ?? ''
