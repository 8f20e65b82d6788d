/** A question before something is lost. */

import { useRef } from 'react'
import { useT } from '../use'
import { Modal } from './Modal'
import type { DialogProps } from './props'

export function ConfirmDialog({ dialog, close }: DialogProps<'confirm'>) {
  const t = useT()
  const sure = useRef(false)
  function done(): void {
    dialog.answer(sure.current)
    close()
  }
  return (
    <Modal title={dialog.title} close={done}>
      <p className="confirm-text">{dialog.text}</p>
      <div className="buttons">
        <button type="button" className="button" onClick={done}>
          {t('dialog.cancel')}
        </button>
        <button
          type="button"
          className="button danger"
          onClick={() => {
            sure.current = true
            done()
          }}
        >
          {dialog.action}
        </button>
      </div>
    </Modal>
  )
}
