/** A note: text beside the nodes, plain or Markdown. It is typed where it is read. */

import type { NodeProps } from '@xyflow/react'
import { type CSSProperties, memo, useState } from 'react'
import { setTitle, setValue } from '../../core/commands/nodes'
import { MARKDOWN_NOTE } from '../../core/definitions'
import { asText } from '../../core/json'
import { say } from '../../state/app'
import { edit } from '../../state/editing'
import { Markdown } from '../Markdown'
import { useApp, useT } from '../use'
import type { CardNode } from './kinds'
import { styleOf } from './NodeView'
import { Resizer } from './Resizer'
import { Title } from './Title'

export const NoteView = memo(function NoteView({ id, data, selected, height }: NodeProps<CardNode>) {
  const { node, layout, title, level } = data
  const app = useApp()
  const shown = layout.fields[0]?.shown
  const text = asText(shown?.value) ?? ''
  const change = (next: string) =>
    shown && edit(app, title, (place) => setValue(place, id, shown.field, next), `field:${id}:text`)
  return (
    <div
      className="node note"
      style={{ ...styleOf(node, 0), height: node.collapsed ? 30 : height } as CSSProperties}
      data-selected={selected || undefined}
      data-tinted={node.bgcolor ? true : undefined}
    >
      <header className="node-header">
        <Title
          id={id}
          title={title}
          className="node-title"
          rename={(next) => edit(app, say(app, 'command.edit.rename'), (place) => setTitle(place, id, next))}
        />
      </header>
      {!node.collapsed && level !== 'boxes' && (
        <NoteBody title={title} text={text} markdown={node.type === MARKDOWN_NOTE} change={change} />
      )}
      {!node.collapsed && !node.pinned && level === 'near' && <Resizer id={id} />}
    </div>
  )
})

interface BodyProps {
  readonly title: string
  readonly text: string
  readonly markdown: boolean
  readonly change: (text: string) => void
}

function NoteBody({ title, text, markdown, change }: BodyProps) {
  const t = useT()
  const [typing, setTyping] = useState(false)
  if (markdown && !typing) {
    return (
      // biome-ignore lint/a11y/noStaticElementInteractions: by keyboard, the button below begins it
      <div
        className="note-read nowheel"
        onDoubleClick={(event) => {
          event.stopPropagation()
          setTyping(true)
        }}
      >
        <Markdown text={text} />
        <button type="button" className="note-edit button quiet nodrag" onClick={() => setTyping(true)}>
          {t('note.edit')}
        </button>
      </div>
    )
  }
  return (
    <textarea
      className="note-text nodrag nowheel nopan"
      aria-label={title}
      placeholder={t('note.placeholder')}
      value={text}
      // biome-ignore lint/a11y/noAutofocus: typing is what the person asked for
      autoFocus={typing}
      onDoubleClick={(event) => event.stopPropagation()}
      onBlur={() => setTyping(false)}
      onChange={(event) => change(event.target.value)}
    />
  )
}
