/** The title of a node or a group: text, or a field while it is typed anew. */

import { type KeyboardEvent, useRef } from 'react'
import { useApp, usePicked, useT } from '../use'

export interface TitleProps {
  /** The node, or `group:` with its id. */
  readonly id: string
  readonly title: string
  readonly className: string
  readonly rename: (title: string) => void
}

export function Title({ id, title, className, rename }: TitleProps) {
  const app = useApp()
  const typing = usePicked(app.renaming, (now) => now === id)
  if (typing) return <TitleField title={title} rename={rename} />
  return <span className={className}>{title}</span>
}

function TitleField({ title, rename }: Pick<TitleProps, 'title' | 'rename'>) {
  const app = useApp()
  const t = useT()
  const done = useRef(false)
  function end(field: HTMLInputElement, keep: boolean): void {
    if (done.current) return
    done.current = true
    const node = field.closest<HTMLElement>('.react-flow__node')
    if (keep && field.value !== title) rename(field.value.trim())
    app.renaming.set(null)
    node?.focus({ preventScroll: true })
  }
  function onKeyDown(event: KeyboardEvent<HTMLInputElement>): void {
    event.stopPropagation()
    if (event.nativeEvent.isComposing) return
    if (event.key === 'Enter') end(event.currentTarget, true)
    else if (event.key === 'Escape') end(event.currentTarget, false)
  }
  return (
    <input
      className="title-field nodrag nopan"
      aria-label={t('node.title')}
      defaultValue={title}
      // biome-ignore lint/a11y/noAutofocus: it is what the person asked for
      autoFocus
      onFocus={(event) => event.currentTarget.select()}
      onBlur={(event) => end(event.currentTarget, true)}
      onDoubleClick={(event) => event.stopPropagation()}
      onKeyDown={onKeyDown}
    />
  )
}
