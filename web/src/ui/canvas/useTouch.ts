/** What fingers do that the view does not know: moving it on nodes, two of them anywhere, staying, tapping twice. */

import { useReactFlow } from '@xyflow/react'
import { type RefObject, useEffect, useRef } from 'react'
import type { Point } from '../../core/document'
import { apart, carried, isDouble, LONG, STILL, type Tap } from '../fingers'
import { boundedZoom } from './kinds'

/** What is done at a thing on the canvas and a point of the window; told back whether it was. */
type At = (target: Element, x: number, y: number) => boolean

export interface TouchActs {
  readonly stayed: At
  readonly tappedTwice: At
}

/** What a finger that moves is for something else than moving the view. */
const OWN = [
  'input, textarea, select, .nowheel, .react-flow__handle, .react-flow__edgeupdater, .resizer',
  '.node-header, .group-header, .gate-header, .knot, .point',
].join()

/**
 * What the fingers are at. `one`: a finger is down, and may become anything; `other`: what it does is another's;
 * `view`: they move the view; `done`: what they did is done, and nothing more follows until they are gone.
 */
type Grip = 'none' | 'one' | 'other' | 'view' | 'done'

/** Hears the fingers on the canvas. Returns what tells it that they opened a menu in another way. */
export function useTouch(canvas: RefObject<HTMLDivElement | null>, acts: TouchActs): () => void {
  const flow = useReactFlow()
  const latest = useRef(acts)
  latest.current = acts
  const settle = useRef<() => void>(() => undefined)

  useEffect(() => {
    const element = canvas.current
    if (element === null) return
    let grip: Grip = 'none'
    let places: ReadonlyMap<number, Point> = new Map()
    let timer = 0
    let last: Tap | null = null
    let heard = new AbortController()

    function placed(event: TouchEvent, ids: ReadonlySet<number>): ReadonlyMap<number, Point> {
      const { left, top } = element?.getBoundingClientRect() ?? new DOMRect()
      return new Map(
        [...event.touches]
          .filter(({ identifier }) => ids.has(identifier))
          .map(({ identifier, clientX, clientY }) => [identifier, { x: clientX - left, y: clientY - top }]),
      )
    }
    function onStart(event: TouchEvent): void {
      clearTimeout(timer)
      const target = event.target as Element
      const [touch] = event.changedTouches
      if (touch === undefined || target.closest('.minimap, .breadcrumb') !== null) return
      // On what was touched: it may be drawn no more when the view has moved, and would tell nobody else.
      const options = { passive: false, signal: heard.signal }
      target.addEventListener('touchmove', onMove as EventListener, options)
      target.addEventListener('touchend', onEnd as EventListener, options)
      target.addEventListener('touchcancel', onEnd as EventListener, options)
      places = placed(event, new Set([...places.keys(), ...changed(event)]))
      if (places.size > 1) {
        if (grip !== 'done') grip = 'view'
        take(event)
        return
      }
      grip = 'one'
      const { clientX, clientY } = touch
      timer = window.setTimeout(() => {
        if (latest.current.stayed(target, clientX, clientY)) grip = 'done'
      }, LONG)
    }
    function onMove(event: TouchEvent): void {
      const now = placed(event, new Set(places.keys()))
      if (grip === 'one' && farthest(places, now) > STILL) {
        clearTimeout(timer)
        const target = event.target as Element
        const pane = target.classList.contains('react-flow__pane') // the view knows that by itself
        grip = pane || target.closest(OWN) !== null ? 'other' : 'view'
      }
      if (grip === 'view') {
        const { x, y, zoom } = flow.getViewport()
        const [from, to] = [first(places), first(now)]
        const view = carried({ x, y, scale: zoom }, from, to, boundedZoom)
        void flow.setViewport({ x: view.x, y: view.y, zoom: view.scale })
        places = now
      }
      if (grip === 'view' || grip === 'done') take(event)
    }
    function onEnd(event: TouchEvent): void {
      clearTimeout(timer)
      // Others hear that their fingers are gone, but no click comes of it.
      if ((grip === 'view' || grip === 'done') && event.cancelable) event.preventDefault()
      if (grip === 'one' && event.type === 'touchend') tapped(event)
      const gone = changed(event)
      places = placed(event, new Set([...places.keys()].filter((id) => !gone.includes(id))))
      if (places.size > 0) return
      grip = 'none'
      heard.abort()
      heard = new AbortController()
    }
    function tapped(event: TouchEvent): void {
      const [touch] = event.changedTouches
      if (touch === undefined) return
      const { clientX: x, clientY: y } = touch
      const tap = { x, y, time: event.timeStamp }
      const twice = isDouble(last, tap) && latest.current.tappedTwice(event.target as Element, x, y)
      if (twice && event.cancelable) event.preventDefault() // some browsers would say so, too
      last = twice ? null : tap
    }
    settle.current = () => {
      clearTimeout(timer)
      if (grip !== 'none') grip = 'done'
    }
    element.addEventListener('touchstart', onStart, { capture: true, passive: false })
    return () => {
      clearTimeout(timer)
      heard.abort()
      element.removeEventListener('touchstart', onStart, { capture: true })
    }
  }, [canvas, flow])
  return useRef(() => settle.current()).current
}

const changed = (event: TouchEvent): readonly number[] =>
  [...event.changedTouches].map((one) => one.identifier)

/** The places of the first two fingers. */
const first = (places: ReadonlyMap<number, Point>): readonly Point[] => [...places.values()].slice(0, 2)

/** How far the finger has moved that moved most. */
const farthest = (from: ReadonlyMap<number, Point>, to: ReadonlyMap<number, Point>): number =>
  Math.max(0, ...[...to].map(([id, at]) => apart(from.get(id) ?? at, at)))

/** Keeps what fingers do from all others. */
function take(event: TouchEvent): void {
  if (event.cancelable) event.preventDefault()
  event.stopPropagation()
}
