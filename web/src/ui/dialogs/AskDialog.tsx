/** A question that a text answers. */

import { type FormEvent, useRef, useState } from 'react'
import { useT } from '../use'
import { Modal } from './Modal'
import type { DialogProps } from './props'

export function AskDialog({ dialog, close }: DialogProps<'ask'>) {
  const t = useT()
  const [text, setText] = useState(dialog.value)
  const answer = useRef<string | null>(null)
  function done(): void {
    dialog.answer(answer.current)
    close()
  }
  function submit(event: FormEvent): void {
    event.preventDefault()
    answer.current = text.trim()
    done()
  }
  return (
    <Modal title={dialog.title} close={done}>
      <form className="ask" onSubmit={submit}>
        <label className="ask-label">
          {dialog.label}
          <input
            className="input"
            data-first
            spellCheck={false}
            value={text}
            onFocus={(event) => event.target.select()}
            onChange={(event) => setText(event.target.value)}
          />
        </label>
        <div className="buttons">
          <button type="button" className="button" onClick={done}>
            {t('dialog.cancel')}
          </button>
          <button type="submit" className="button primary" disabled={text.trim() === ''}>
            {dialog.action}
          </button>
        </div>
      </form>
    </Modal>
  )
}
