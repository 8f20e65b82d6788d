/** Something that opens at an element and above all others, and closes by Escape or a click elsewhere. */

import { type ReactNode, type RefObject, useLayoutEffect, useRef } from 'react'
import { createPortal } from 'react-dom'
import { focusFirst } from './focus'
import { layerOf } from './layer'

export interface PopupProps {
  readonly anchor: RefObject<HTMLElement | null>
  readonly close: () => void
  readonly children: ReactNode
  readonly className?: string
  readonly id?: string
}

const GAP = 4

export function Popup({ anchor, close, children, className = '', id }: PopupProps) {
  const box = useRef<HTMLDivElement>(null)
  useLayoutEffect(() => {
    const [popup, at] = [box.current, anchor.current]
    if (popup === null || at === null) return
    popup.showPopover()
    place(popup, at.getBoundingClientRect())
    focusFirst(popup)
    const hidden = (event: Event) => (event as ToggleEvent).newState === 'closed' && close()
    popup.addEventListener('toggle', hidden)
    return () => {
      popup.removeEventListener('toggle', hidden)
      if (popup.contains(document.activeElement)) at.focus()
    }
  }, [anchor, close])
  return createPortal(
    // biome-ignore lint/a11y/noStaticElementInteractions: keys of what is open are none of the editor's
    <div
      className={`popup ${className}`}
      id={id}
      popover="auto"
      ref={box}
      onKeyDown={(event) => event.stopPropagation()}
    >
      {children}
    </div>,
    layerOf(anchor.current),
  )
}

/** Puts it below the anchor, or above where there is more room, and inside of the window. */
export function place(popup: HTMLElement, anchor: DOMRect): void {
  const { innerWidth, innerHeight } = window
  popup.style.minWidth = `${anchor.width}px`
  const [width, height] = [popup.offsetWidth, popup.offsetHeight]
  const below = innerHeight - anchor.bottom - GAP * 2
  const above = height > below && anchor.top > below
  popup.style.left = `${Math.max(GAP, Math.min(anchor.left, innerWidth - width - GAP))}px`
  popup.style.maxHeight = `${Math.max(120, above ? anchor.top - GAP * 2 : below)}px`
  if (above) popup.style.bottom = `${innerHeight - anchor.top + GAP}px`
  else popup.style.top = `${anchor.bottom + GAP}px`
}
