/** The hand on a picture that is looked at: one pointer moves it, two zoom it, a finger that swipes goes to the next. */

import { type PointerEvent, useRef } from 'react'
import type { Point } from '../../core/document'
import { apart } from '../fingers'

/** Pixels that a finger moves at least to swipe, and how many times farther across than down. */
const SWIPE = 60
const FLAT = 2

export interface PictureActs {
  /** Whether it is larger than fits: then fingers move it. */
  readonly zoomed: boolean
  readonly zoom: (factor: number) => void
  /** Goes on by as many pictures. */
  readonly next: (by: number) => void
}

/** Returns what hears the pointers of the stage. */
export function usePictureHand({ zoomed, zoom, next }: PictureActs) {
  const down = useRef(new Map<number, Point>())
  const start = useRef<Point | null>(null)

  function onPointerDown(event: PointerEvent<HTMLElement>): void {
    event.currentTarget.setPointerCapture(event.pointerId)
    const at = { x: event.clientX, y: event.clientY }
    down.current.set(event.pointerId, at)
    start.current = event.pointerType === 'touch' && down.current.size === 1 ? at : null
  }
  function onPointerMove(event: PointerEvent<HTMLElement>): void {
    const before = down.current.get(event.pointerId)
    if (before === undefined) return
    const now = { x: event.clientX, y: event.clientY }
    down.current.set(event.pointerId, now)
    const other = [...down.current].find(([id]) => id !== event.pointerId)?.[1]
    if (other === undefined) event.currentTarget.scrollBy(before.x - now.x, before.y - now.y)
    else if (apart(before, other) > 0) zoom(apart(now, other) / apart(before, other))
  }
  function onPointerUp(event: PointerEvent<HTMLElement>): void {
    const from = start.current
    const known = down.current.delete(event.pointerId)
    start.current = null
    if (!known || from === null || zoomed || event.type === 'pointercancel') return
    const [across, along] = [event.clientX - from.x, Math.abs(event.clientY - from.y)]
    if (Math.abs(across) > SWIPE && Math.abs(across) > FLAT * along) next(across < 0 ? 1 : -1)
  }
  return { onPointerDown, onPointerMove, onPointerUp, onPointerCancel: onPointerUp }
}
