/** What is known of a model: its picture, its size, and what its header notes. */

import { useEffect, useState } from 'react'
import { bytesText } from '../../core/measures'
import { attempt, say } from '../../state/app'
import { addModel } from '../adding'
import { useApp, useStore, useT } from '../use'
import { Modal } from './Modal'
import type { DialogProps } from './props'

export function ModelDialog({ dialog, close }: DialogProps<'model'>) {
  const app = useApp()
  const t = useT()
  const language = useStore(app.language)
  const { folder, file } = dialog
  const [notes, setNotes] = useState<readonly (readonly [string, string])[] | null>(null)
  const [picture, setPicture] = useState<string | null>(null)
  useEffect(() => {
    // What is not there is not asked for: the browser's log would tell of it as an error.
    void attempt(app, say(app, 'error.server'), async () => setNotes(await notesOf()))
    async function notesOf() {
      if (!file.notes) return []
      return Object.entries(await app.api.modelNotes(folder, file.name)).map(
        ([key, value]) => [key, textOf(value)] as const,
      )
    }
    if (!file.picture) return undefined
    let made: string | null = null
    let gone = false
    app.api.modelPicture(folder, file.pathIndex, file.name).then(
      (blob) => {
        if (blob === null || gone) return
        made = URL.createObjectURL(blob)
        setPicture(made)
      },
      () => undefined,
    )
    return () => {
      gone = true
      if (made !== null) URL.revokeObjectURL(made)
    }
  }, [app, folder, file])
  return (
    <Modal title={file.name} close={close}>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what is scrolled must be reached by keyboard */}
      <div className="model-about" tabIndex={0}>
        {picture !== null && (
          <img className="model-picture" src={picture} alt={t('models.picture', { name: file.name })} />
        )}
        <dl className="facts">
          <Fact name={t('models.folder')} value={folder} />
          <Fact name={t('models.size')} value={bytesText(file.size)} />
          <Fact name={t('models.modified')} value={new Date(file.modified * 1000).toLocaleString(language)} />
          {notes?.map(([key, value]) => (
            <Fact key={key} name={key} value={value} />
          ))}
        </dl>
        {notes?.length === 0 && <p className="muted">{t('models.noNotes')}</p>}
      </div>
      <div className="buttons">
        <button
          type="button"
          className="button primary"
          onClick={() => {
            close()
            addModel(app, folder, file.name)
          }}
        >
          {t('models.add')}
        </button>
      </div>
    </Modal>
  )
}

function Fact({ name, value }: { readonly name: string; readonly value: string }) {
  return (
    <div className="fact">
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  )
}

const MOST = 2000

function textOf(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  return text.length > MOST ? `${text.slice(0, MOST)}…` : text
}
