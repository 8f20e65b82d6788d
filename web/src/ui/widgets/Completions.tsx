/** Names to complete with, below what is typed and above all else; the keys are those of the field. */

import { type RefObject, useEffect, useLayoutEffect, useRef } from 'react'
import { createPortal } from 'react-dom'
import { layerOf } from '../layer'
import { place } from '../Popup'
import { useT } from '../use'

interface Props {
  readonly id: string
  readonly field: RefObject<HTMLElement | null>
  readonly names: readonly string[]
  readonly marked: number
  readonly choose: (name: string) => void
  readonly close: () => void
}

export function Completions({ id, field, names, marked, choose, close }: Props) {
  const t = useT()
  const box = useRef<HTMLDivElement>(null)
  useLayoutEffect(() => {
    const [list, at] = [box.current, field.current]
    if (list === null || at === null) return
    if (!list.matches(':popover-open')) list.showPopover()
    place(list, at.getBoundingClientRect())
  })
  useEffect(() => {
    const elsewhere = (event: Event) => {
      if (!box.current?.contains(event.target as Node)) close() // the view moves away below it
    }
    window.addEventListener('wheel', elsewhere, { passive: true, capture: true })
    return () => window.removeEventListener('wheel', elsewhere, { capture: true })
  }, [close])
  return createPortal(
    <div
      className="popup completions"
      popover="manual"
      role="listbox"
      aria-label={t('widget.complete')}
      id={id}
      ref={box}
    >
      {names.map((name, at) => (
        // biome-ignore lint/a11y/useKeyWithClickEvents: the keys are those of the field
        // biome-ignore lint/a11y/useFocusableInteractive: the field has the focus, and says which is marked
        <div
          key={name}
          id={`${id}-${at}`}
          role="option"
          aria-selected={at === marked}
          className="pick-one"
          onMouseDown={(event) => event.preventDefault()}
          onClick={() => choose(name)}
        >
          <span className="pick-label">{name}</span>
        </div>
      ))}
    </div>,
    layerOf(field.current),
  )
}
