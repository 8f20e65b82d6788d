/** Choosing and moving nodes of a graph that is drawn as one picture. */

import { useReactFlow } from '@xyflow/react'
import { type PointerEvent, useCallback, useRef } from 'react'
import type { Point } from '../../core/document'
import { placeOf, select, selectNodes } from '../../state/editing'
import { NOTHING_SELECTED } from '../../state/tabs'
import { apart, STILL } from '../fingers'
import { useApp } from '../use'
import { nodeAt } from './Afar'
import { type FlowNode, namedBy } from './kinds'

/** Moves things by the ids of the view; `end` tells that they stay there. */
type Move = (positions: ReadonlyMap<string, Point>, end: boolean) => void

/** Returns what hears a press of the mouse; null while nodes are drawn one by one. */
export function useAfar(nodes: readonly FlowNode[], afar: boolean, move: Move) {
  const app = useApp()
  const { screenToFlowPosition } = useReactFlow()
  const latest = useRef(nodes)
  latest.current = nodes

  const onPointerDown = useCallback(
    (event: PointerEvent): boolean => {
      const pane = (event.target as Element).classList.contains('react-flow__pane')
      if (!pane || event.button !== 0) return false
      const start = screenToFlowPosition({ x: event.clientX, y: event.clientY }, { snapToGrid: false })
      const hit = nodeAt(latest.current, start)
      const now = placeOf(app)?.tab.selection
      if (hit === undefined || now === undefined) return false
      const many = event.shiftKey || event.ctrlKey || event.metaKey
      const chosen = now.nodes.has(hit.id)
      if (event.pointerType === 'touch') {
        afterTap(event, () => selectNodes(app, [hit.id])) // a finger that moves, moves the view
        return false
      }
      if (many) {
        const nodes = new Set(now.nodes)
        if (chosen) nodes.delete(hit.id)
        else nodes.add(hit.id)
        select(app, { ...NOTHING_SELECTED, nodes })
      } else if (!chosen) selectNodes(app, [hit.id])
      const held = new Set(chosen ? now.nodes : [hit.id])
      const places = latest.current.filter(({ id, draggable }) => held.has(id) && draggable !== false)
      const from = new Map(
        places.filter(({ id }) => namedBy(id).kind === 'node').map((one) => [one.id, one.position]),
      )
      follow(from, start, screenToFlowPosition, move)
      return true
    },
    [app, screenToFlowPosition, move],
  )

  return afar ? onPointerDown : null
}

/** Does something when a finger is taken away where it was put down. */
function afterTap({ clientX: x, clientY: y, pointerId }: PointerEvent, act: () => void): void {
  const ended = (event: globalThis.PointerEvent) => {
    if (event.pointerId !== pointerId) return
    window.removeEventListener('pointerup', ended)
    window.removeEventListener('pointercancel', ended)
    const still = apart({ x, y }, { x: event.clientX, y: event.clientY }) <= STILL
    if (still && event.type === 'pointerup') act()
  }
  window.addEventListener('pointerup', ended)
  window.addEventListener('pointercancel', ended)
}

/** Moves what is held with the pointer until it is let go. */
function follow(
  from: ReadonlyMap<string, Point>,
  start: Point,
  place: (at: Point) => Point,
  move: Move,
): void {
  let last: ReadonlyMap<string, Point> | null = null
  let frame = 0
  const at = (event: globalThis.PointerEvent) => {
    const now = place({ x: event.clientX, y: event.clientY })
    last = new Map(
      [...from].map(([id, { x, y }]) => [id, { x: x + now.x - start.x, y: y + now.y - start.y }]),
    )
  }
  const moved = (event: globalThis.PointerEvent) => {
    at(event)
    cancelAnimationFrame(frame)
    frame = requestAnimationFrame(() => last !== null && move(last, false))
  }
  const ended = () => {
    cancelAnimationFrame(frame)
    window.removeEventListener('pointermove', moved)
    window.removeEventListener('pointerup', ended)
    window.removeEventListener('pointercancel', ended)
    if (last !== null) move(last, true)
  }
  window.addEventListener('pointermove', moved)
  window.addEventListener('pointerup', ended)
  window.addEventListener('pointercancel', ended)
}
