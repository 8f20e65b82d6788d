/** A field to type into and a list of what answers it: adding nodes, commands, choices. Works by keyboard alone. */

import { type KeyboardEvent, type ReactNode, useId, useLayoutEffect, useRef, useState } from 'react'

export interface Pick {
  readonly id: string
  readonly label: string
  readonly detail?: ReactNode
}

export interface PickListProps {
  readonly label: string
  readonly placeholder: string
  readonly empty: string
  /** Returns what answers a query, best first. */
  readonly find: (query: string) => readonly Pick[]
  readonly pick: (id: string) => void
  /** What is marked at first. */
  readonly initial?: string
}

/** Entries that are drawn at most: nobody reads further, and who types sees fewer. */
const MOST = 200

export function PickList({ label, placeholder, empty, find, pick, initial }: PickListProps) {
  const [query, setQuery] = useState('')
  const found = find(query).slice(0, MOST)
  const [marked, setMarked] = useState(() =>
    Math.max(
      0,
      found.findIndex((one) => one.id === initial),
    ),
  )
  const list = useRef<HTMLDivElement>(null)
  const id = useId()
  const at = Math.min(marked, found.length - 1)

  useLayoutEffect(() => {
    list.current?.children[at]?.scrollIntoView({ block: 'nearest' })
  }, [at])

  function onKeyDown(event: KeyboardEvent): void {
    const steps: Readonly<Record<string, number>> = { ArrowDown: 1, ArrowUp: -1, PageDown: 8, PageUp: -8 }
    const step = steps[event.key]
    if (step !== undefined && found.length > 0) {
      const single = Math.abs(step) === 1
      const next = single ? (at + step + found.length) % found.length : at + step
      setMarked(Math.max(0, Math.min(found.length - 1, next)))
      event.preventDefault()
    } else if (event.key === 'Enter' && !event.nativeEvent.isComposing) {
      const one = found[at]
      if (one !== undefined) pick(one.id)
      event.preventDefault()
    }
  }
  return (
    <div className="pick">
      <input
        className="input pick-query"
        role="combobox"
        aria-label={label}
        aria-expanded="true"
        aria-controls={id}
        aria-autocomplete="list"
        aria-activedescendant={found.length > 0 ? `${id}-${at}` : undefined}
        placeholder={placeholder}
        spellCheck={false}
        autoComplete="off"
        data-first
        value={query}
        onChange={(event) => {
          setQuery(event.target.value)
          setMarked(0)
        }}
        onKeyDown={onKeyDown}
      />
      <div className="pick-list" role="listbox" aria-label={label} id={id} ref={list}>
        {found.map((one, index) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: the keys are those of the field
          // biome-ignore lint/a11y/useFocusableInteractive: the field has the focus, and says which is marked
          <div
            key={one.id}
            id={`${id}-${index}`}
            role="option"
            aria-selected={index === at}
            className="pick-one"
            onPointerMove={() => setMarked(index)}
            onClick={() => pick(one.id)}
          >
            <span className="pick-label">{one.label}</span>
            {one.detail !== undefined && <span className="pick-detail">{one.detail}</span>}
          </div>
        ))}
      </div>
      {found.length === 0 && <p className="pick-empty">{empty}</p>}
    </div>
  )
}
