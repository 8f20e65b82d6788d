/** The frame around the mask editor: there before its script is, and not gone before a drawing is given up. */

import { lazy, Suspense, useRef, useState } from 'react'
import { Modal } from '../dialogs/Modal'
import type { DialogProps } from '../dialogs/props'
import { useT } from '../use'

const MaskEditor = lazy(() => import('./MaskEditor'))

export function MaskDialog({ dialog, close }: DialogProps<'mask'>) {
  const t = useT()
  const changed = useRef(false)
  const [asks, setAsks] = useState(false)
  function mayClose(): boolean {
    if (changed.current) setAsks(true)
    return !changed.current
  }
  return (
    <Modal
      title={t('mask.title', { title: dialog.target.title })}
      close={close}
      mayClose={mayClose}
      className="full"
    >
      {asks && (
        <div className="mask-asks" role="alertdialog" aria-label={t('mask.lose')}>
          <p>{t('mask.lose')}</p>
          <button type="button" className="button" onClick={() => setAsks(false)}>
            {t('mask.keep')}
          </button>
          <button type="button" className="button danger" onClick={close}>
            {t('mask.drop')}
          </button>
        </div>
      )}
      <Suspense fallback={<p className="mask-note">{t('mask.loading')}</p>}>
        <MaskEditor
          target={dialog.target}
          close={close}
          setChanged={(now) => {
            changed.current = now
          }}
        />
      </Suspense>
    </Modal>
  )
}
