/** Text of one line, or of several. Every letter is kept at once: a node may leave the view while it is typed in. */

import { type KeyboardEvent, useCallback, useId, useLayoutEffect, useRef, useState } from 'react'
import { type Completing, choicesFor, completed, completingAt } from '../../core/completing'
import { asText } from '../../core/json'
import { reweighted, type Selected } from '../../core/weights'
import { found } from '../find'
import { useApp } from '../use'
import { Completions } from './Completions'
import type { WidgetOf, WidgetProps } from './props'
import { TokenCount } from './TokenCount'

export function TextWidget(props: WidgetProps<WidgetOf<'text'>>) {
  const { label, tooltip, widget, value, wrong, change } = props
  const text = asText(value) ?? ''
  if (widget.multiline) return <Area {...props} text={text} />
  return (
    <label className="field" data-wrong={wrong || undefined} title={tooltip || undefined}>
      <span className="field-label">{label}</span>
      <input
        className="field-line nodrag"
        aria-invalid={wrong || undefined}
        placeholder={widget.placeholder}
        value={text}
        onChange={(event) => change(event.target.value)}
      />
    </label>
  )
}

/** Choices that are shown at most. */
const MOST = 8

function Area({
  label,
  tooltip,
  widget,
  wrong,
  runs,
  change,
  text,
}: WidgetProps<WidgetOf<'text'>> & { readonly text: string }) {
  const app = useApp()
  const area = useRef<HTMLTextAreaElement>(null)
  /** What shall be selected once the text is there that was put in. */
  const wanted = useRef<Selected | null>(null)
  const [names, setNames] = useState<readonly string[]>([])
  const [completing, setCompleting] = useState<Completing | null>(null)
  const [marked, setMarked] = useState(0)
  const [focused, setFocused] = useState(false)
  const choices =
    completing === null
      ? []
      : choicesFor(
          completing,
          found(completing.typed, names, (name) => name),
        ).slice(0, MOST)

  useLayoutEffect(() => {
    if (wanted.current?.text !== text) return
    area.current?.setSelectionRange(wanted.current.start, wanted.current.end)
    wanted.current = null
  })

  const close = useCallback(() => setCompleting(null), [])
  function look(next: string, cursor: number): void {
    const at = completingAt(next, cursor)
    if (at !== null && completing === null) void app.api.embeddings().then(setNames, () => setNames([])) // without them, there is nothing to choose from
    setCompleting(at)
    setMarked(0)
  }
  function choose(name: string): void {
    if (completing === null) return
    const done = completed(text, completing, name)
    wanted.current = { text: done.text, start: done.cursor, end: done.cursor }
    setCompleting(null)
    change(done.text)
    area.current?.focus()
  }
  function onKeyDown(event: KeyboardEvent<HTMLTextAreaElement>): void {
    const direction = { ArrowUp: 1, ArrowDown: -1 }[event.key] as 1 | -1 | undefined
    const name = choices[marked]
    if ((event.ctrlKey || event.metaKey) && direction !== undefined) {
      const { selectionStart: start, selectionEnd: end } = event.currentTarget
      const next = reweighted({ text, start, end }, direction)
      wanted.current = next
      change(next.text)
      event.preventDefault()
    } else if (
      name === undefined ||
      event.nativeEvent.isComposing ||
      event.ctrlKey ||
      event.metaKey ||
      event.altKey
    ) {
      return
    } else if (direction !== undefined) {
      setMarked((marked - direction + choices.length) % choices.length)
      event.preventDefault()
    } else if (event.key === 'Enter' || event.key === 'Tab') {
      choose(name)
      event.preventDefault()
    } else if (event.key === 'Escape') {
      setCompleting(null)
      event.stopPropagation()
    }
  }
  const list = useId()
  const count = useId()
  const counts = focused && widget.dynamicPrompts && runs !== undefined
  return (
    <div className="text-box">
      <textarea
        className="field-text nodrag nowheel nopan"
        ref={area}
        aria-label={label}
        aria-invalid={wrong || undefined}
        aria-autocomplete="list"
        aria-describedby={counts ? count : undefined}
        aria-controls={choices.length > 0 ? list : undefined}
        aria-activedescendant={choices.length > 0 ? `${list}-${marked}` : undefined}
        title={tooltip || undefined}
        placeholder={widget.placeholder || label}
        value={text}
        onChange={(event) => {
          look(event.target.value, event.target.selectionStart)
          change(event.target.value)
        }}
        onKeyDown={onKeyDown}
        onSelect={({ currentTarget: { value, selectionStart } }) => {
          if (completing !== null && completing.end !== selectionStart) look(value, selectionStart)
        }}
        onFocus={() => setFocused(true)}
        onBlur={() => {
          setFocused(false)
          setCompleting(null)
        }}
      />
      {counts && <TokenCount id={count} at={runs} text={text} />}
      {choices.length > 0 && (
        <Completions id={list} field={area} names={choices} marked={marked} choose={choose} close={close} />
      )}
    </div>
  )
}
