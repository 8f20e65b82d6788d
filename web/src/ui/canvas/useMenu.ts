/** Opening the menu of what the mouse is at: by its right button, a key, or a finger that stays. */

import { useReactFlow } from '@xyflow/react'
import { type MouseEvent, type PointerEvent, useCallback, useRef } from 'react'
import type { App, MenuAt } from '../../state/app'
import { placeOf, select } from '../../state/editing'
import { NOTHING_SELECTED } from '../../state/tabs'
import { useApp } from '../use'
import { namedBy } from './kinds'

/** Milliseconds that a finger stays, and pixels that it may move meanwhile. */
const LONG = 500
const STILL = 10

export function useMenu() {
  const app = useApp()
  const { screenToFlowPosition } = useReactFlow()
  const press = useRef<{ readonly x: number; readonly y: number; readonly timer: number } | null>(null)

  const open = useCallback(
    (target: Element, x: number, y: number): boolean => {
      if (target.closest('input, textarea, select, .minimap, .breadcrumb') !== null) return false
      const about = choose(app, target)
      if (about === null) return false
      app.menu.set({ about, x, y, at: screenToFlowPosition({ x, y }) })
      return true
    },
    [app, screenToFlowPosition],
  )

  const onContextMenu = useCallback(
    (event: MouseEvent) => {
      const { left, top } = (event.target as Element).getBoundingClientRect()
      // From the keyboard, browsers say a place that need not be on what has the focus.
      const keyed = event.clientX === 0 && event.clientY === 0
      const [x, y] = keyed ? [left + 16, top + 16] : [event.clientX, event.clientY]
      if (open(event.target as Element, x, y)) event.preventDefault()
    },
    [open],
  )
  const forget = useCallback(() => {
    if (press.current !== null) clearTimeout(press.current.timer)
    press.current = null
  }, [])
  const onPointerDown = useCallback(
    (event: PointerEvent) => {
      forget()
      if (event.pointerType !== 'touch' || !event.isPrimary) return
      const { clientX: x, clientY: y, target } = event
      const timer = window.setTimeout(() => {
        press.current = null
        open(target as Element, x, y)
      }, LONG)
      press.current = { x, y, timer }
    },
    [forget, open],
  )
  const onPointerMove = useCallback(
    (event: PointerEvent) => {
      const from = press.current
      if (from !== null && Math.hypot(event.clientX - from.x, event.clientY - from.y) > STILL) forget()
    },
    [forget],
  )
  return {
    onContextMenu,
    onPointerDownCapture: onPointerDown,
    onPointerMoveCapture: onPointerMove,
    onPointerUpCapture: forget,
  }
}

/** Chooses what the menu will be about, unless it is among what is chosen. */
function choose(app: App, target: Element): MenuAt['about'] | null {
  const place = placeOf(app)
  if (place === null) return null
  const now = place.tab.selection
  const link = target.closest<SVGElement>('.react-flow__edge')?.dataset['id']
  if (link !== undefined) {
    if (!now.links.has(link)) select(app, { ...NOTHING_SELECTED, links: new Set([link]) })
    return 'link'
  }
  const named = target.closest<HTMLElement>('.react-flow__node')?.dataset['id']
  if (named === undefined) return target.closest('.react-flow__pane') === null ? null : 'canvas'
  const { kind, id } = namedBy(named)
  if (kind === 'group') {
    if (!now.groups.has(id)) select(app, { ...NOTHING_SELECTED, groups: new Set([id]) })
    return 'group'
  }
  if (kind === 'reroute') {
    if (!now.reroutes.has(id)) select(app, { ...NOTHING_SELECTED, reroutes: new Set([id]) })
    return 'reroute'
  }
  if (!place.shown.nodes.has(id)) return 'gate'
  if (!now.nodes.has(id)) select(app, { ...NOTHING_SELECTED, nodes: new Set([id]) })
  return 'nodes'
}
