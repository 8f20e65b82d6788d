/** A dialog above all else: the browser's own, with its focus, its Escape and its backdrop. */

import { type ReactNode, useEffect, useId, useRef } from 'react'
import { Icon } from '../Icon'
import { useT } from '../use'

export interface ModalProps {
  readonly title: string
  readonly close: () => void
  readonly children: ReactNode
  readonly className?: string
  /** Without a heading and its cross, for what explains itself. */
  readonly bare?: boolean
  /** Asked before a person closes it: false keeps it open. */
  readonly mayClose?: () => boolean
}

const ALWAYS = () => true

export function Modal({
  title,
  close,
  children,
  className = '',
  bare = false,
  mayClose = ALWAYS,
}: ModalProps) {
  const dialog = useRef<HTMLDialogElement>(null)
  const heading = useId()
  const t = useT()
  useEffect(() => dialog.current?.showModal(), [])
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: by keyboard, Escape closes it
    <dialog
      className={`modal ${className}`}
      ref={dialog}
      aria-labelledby={heading}
      onClose={close}
      onCancel={(event) => {
        if (event.target === dialog.current && !mayClose()) event.preventDefault()
      }}
      onClick={(event) => event.target === dialog.current && mayClose() && dialog.current?.close()}
    >
      <div className="modal-box">
        <header className={bare ? 'sr-only' : 'modal-header'}>
          <h2 id={heading}>{title}</h2>
          {!bare && (
            <button
              type="button"
              className="button quiet square"
              aria-label={t('dialog.close')}
              onClick={() => mayClose() && close()}
            >
              <Icon name="close" />
            </button>
          )}
        </header>
        {children}
      </div>
    </dialog>
  )
}
