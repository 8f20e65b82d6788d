/** Short messages in a corner. Bad ones stay until they are put away, or a while where a list keeps what they say. */

import { useEffect } from 'react'
import { dismissToast, type Toast } from '../../state/app'
import { Icon } from '../Icon'
import { useApp, useStore, useT } from '../use'

/** Milliseconds that a message stays which is no bad one. */
const STAYS = 4000

/** Milliseconds that a bad message stays which leads to a list of what is wrong. */
const STAYS_LISTED = 15_000

export function Toasts() {
  const toasts = useStore(useApp().toasts)
  return (
    <div className="toasts" aria-live="polite">
      {toasts.map((toast) => (
        <ToastView key={toast.id} toast={toast} />
      ))}
    </div>
  )
}

function ToastView({ toast }: { readonly toast: Toast }) {
  const app = useApp()
  const t = useT()
  useEffect(() => {
    if (toast.tone === 'bad' && toast.action === undefined) return
    const stays = toast.tone === 'bad' ? STAYS_LISTED : STAYS
    const timer = setTimeout(() => dismissToast(app, toast.id), stays)
    return () => clearTimeout(timer)
  }, [app, toast])
  return (
    <div className="toast" data-tone={toast.tone}>
      <div className="toast-text">
        <strong>{toast.title}</strong>
        {toast.text !== '' && <p>{toast.text}</p>}
        {toast.action !== undefined && (
          <button
            type="button"
            className="button toast-action"
            onClick={() => {
              toast.action?.act()
              dismissToast(app, toast.id)
            }}
          >
            {toast.action.title}
          </button>
        )}
      </div>
      <button
        type="button"
        className="button quiet square"
        aria-label={t('dialog.close')}
        onClick={() => dismissToast(app, toast.id)}
      >
        <Icon name="close" />
      </button>
    </div>
  )
}
