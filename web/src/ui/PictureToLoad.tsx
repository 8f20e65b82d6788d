/** A picture that a field names, as it will be loaded, and the way to draw a mask on it. */

import type { FileRef } from '../core/api/shapes'
import { Icon } from './Icon'
import { useApp, useT } from './use'

interface Props {
  readonly file: FileRef
  readonly drawMask: () => void
}

export function PictureToLoad({ file, drawMask }: Props) {
  const app = useApp()
  const t = useT()
  const name = file.filename
  const look = () =>
    app.dialog.set({
      id: 'picture',
      pictures: [{ url: app.api.viewUrl(file), name, caption: '', file }],
      at: 0,
    })
  return (
    <div className="loaded">
      <button type="button" className="picture-button nodrag" onClick={look}>
        <img
          className="picture"
          src={app.api.viewUrl(file, { preview: 'webp;80' })}
          alt={t('widget.picture', { name })}
          draggable={false}
        />
      </button>
      <button type="button" className="button loaded-mask nodrag" onClick={drawMask}>
        <Icon name="mask" />
        {t('mask.open')}
      </button>
    </div>
  )
}
