/** How a node came to fail, line by line. */

import { toast } from '../../state/app'
import { useApp, useT } from '../use'
import { Modal } from './Modal'
import type { DialogProps } from './props'

export function TracebackDialog({ dialog, close }: DialogProps<'traceback'>) {
  const app = useApp()
  const t = useT()
  const text = dialog.lines.join('')
  return (
    <Modal title={t('node.traceback')} close={close} className="wide">
      <p className="confirm-text">{dialog.title}</p>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what is scrolled must be reached by keyboard */}
      <pre className="traceback" tabIndex={0}>
        {text}
      </pre>
      <div className="buttons">
        <button
          type="button"
          className="button"
          onClick={() =>
            void navigator.clipboard
              .writeText(`${dialog.title}\n\n${text}`)
              .then(() => toast(app, 'good', t('viewer.copied')))
          }
        >
          {t('traceback.copy')}
        </button>
      </div>
    </Modal>
  )
}
