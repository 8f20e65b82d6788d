/** Opening the menu of what the mouse is at: by its right button, a key, or a finger that stays. */

import { useReactFlow } from '@xyflow/react'
import { type MouseEvent, useCallback, useEffect, useRef } from 'react'
import type { App, FieldAt, MenuAt } from '../../state/app'
import { placeOf, select } from '../../state/editing'
import { NOTHING_SELECTED } from '../../state/tabs'
import { useApp } from '../use'
import { namedBy } from './kinds'

export function useMenu() {
  const app = useApp()
  const { screenToFlowPosition } = useReactFlow()
  /** What had the focus before the press that opens a menu gave it to something else. */
  const focused = useRef<Element | null>(null)

  const show = useCallback(
    (target: Element, x: number, y: number): boolean => {
      if (target.closest('.minimap, .breadcrumb') !== null) return false
      const about = choose(app, target)
      if (about === null) return false
      const field = about === 'nodes' ? fieldAt(target) : null
      app.menu.set({ about, x, y, at: screenToFlowPosition({ x, y }), ...(field === null ? {} : { field }) })
      return true
    },
    [app, screenToFlowPosition],
  )

  const onContextMenu = useCallback(
    (event: MouseEvent) => {
      const { left, top } = (event.target as Element).getBoundingClientRect()
      // From the keyboard, browsers say a place that need not be on what has the focus.
      const keyed = event.clientX === 0 && event.clientY === 0
      const text = (event.target as Element).closest('input, textarea, select')
      const finger = (event.nativeEvent as Partial<PointerEvent>).pointerType === 'touch'
      // What is being typed in has the browser's own: to paste, and for its spelling.
      if (text !== null && (finger || (keyed ? document.activeElement : focused.current) === text)) return
      const [x, y] = keyed ? [left + 16, top + 16] : [event.clientX, event.clientY]
      if (show(event.target as Element, x, y)) event.preventDefault()
    },
    [show],
  )
  /** For a finger that stays: in text it chooses a word. */
  const open = useCallback(
    (target: Element, x: number, y: number) =>
      target.closest('input, textarea, select') === null && show(target, x, y),
    [show],
  )
  useEffect(() => {
    const pressed = () => {
      focused.current = document.activeElement
    }
    window.addEventListener('pointerdown', pressed, true)
    return () => window.removeEventListener('pointerdown', pressed, true)
  }, [])
  return { open, onContextMenu }
}

/** Returns the field that something is drawn in. */
function fieldAt(target: Element): FieldAt | null {
  const node = target.closest<HTMLElement>('.react-flow__node')?.dataset['id']
  const { field: name, holder = null } = target.closest<HTMLElement>('[data-field]')?.dataset ?? {}
  return node === undefined || name === undefined ? null : { node, name, holder }
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
