/** Two pictures, one over the other, with a line between them that can be moved. */

import { type CSSProperties, useState } from 'react'
import { useApp, useT } from '../use'
import { Modal } from './Modal'
import type { DialogProps } from './props'

export function CompareDialog({ dialog, close }: DialogProps<'compare'>) {
  const app = useApp()
  const t = useT()
  const [at, setAt] = useState(50)
  const [under, over] = dialog.files
  return (
    <Modal title={t('compare.title')} close={close} className="wide">
      <div className="compare" style={{ '--at': `${at}%` } as CSSProperties}>
        <div className="compare-box">
          <img
            className="compare-under"
            src={app.api.viewUrl(under)}
            alt={under.filename}
            draggable={false}
          />
          <img className="compare-over" src={app.api.viewUrl(over)} alt={over.filename} draggable={false} />
          <span className="compare-line" aria-hidden="true" />
          <input
            className="compare-slider"
            type="range"
            min={0}
            max={100}
            step={0.5}
            aria-label={t('compare.slider')}
            data-first
            value={at}
            onChange={(event) => setAt(Number(event.target.value))}
          />
        </div>
        <div className="compare-names">
          <span>{under.filename}</span>
          <span>{over.filename}</span>
        </div>
      </div>
    </Modal>
  )
}
