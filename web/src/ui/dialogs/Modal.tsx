/** A dialog above all else: the browser's own, with its focus, its Escape and its backdrop. */

import { type ReactNode, useEffect, useId, useRef } from 'react'
import { focusFirst } from '../focus'
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
  useEffect(() => {
    if (dialog.current === null) return
    dialog.current.showModal()
    focusFirst(dialog.current)
  }, [])
  /** The browser tells of a closed dialog a moment later, in which a key would still be lost: so it is told here. */
  function leave(): void {
    if (!mayClose()) return
    dialog.current?.close()
    close()
  }
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: by keyboard, Escape closes it
    <dialog
      className={`modal ${className}`}
      ref={dialog}
      aria-labelledby={heading}
      onClose={close}
      onCancel={(event) => {
        if (event.target !== dialog.current) return
        event.preventDefault()
        leave()
      }}
      onClick={(event) => event.target === dialog.current && leave()}
    >
      <div className="modal-box">
        <header className={bare ? 'sr-only' : 'modal-header'}>
          <h2 id={heading}>{title}</h2>
          {!bare && (
            <button
              type="button"
              className="button quiet square"
              aria-label={t('dialog.close')}
              onClick={leave}
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
