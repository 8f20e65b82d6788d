/** The picture with the mask over it, and the hand: mouse, pen, fingers, or arrow keys. */

import {
  type KeyboardEvent,
  type PointerEvent,
  type RefObject,
  useCallback,
  useEffect,
  useLayoutEffect,
  useRef,
  useState,
} from 'react'
import type { Point, Size, View } from '../../core/document'
import type { Drawing } from '../../core/mask/drawing'
import { carried } from '../fingers'
import { useT } from '../use'
import { Layer, type LayerHandle } from './Layer'
import { pressureOf } from './pressure'
import { type Hand, stepped } from './tools'
import { boundedScale, fitted, onPicture, panned, showing, zoomed } from './view'

interface Props {
  readonly url: string
  readonly title: string
  readonly drawing: Drawing
  readonly hand: Hand
  readonly change: (part: Partial<Hand>) => void
  readonly view: View | null
  readonly setView: (change: (old: View) => View) => void
  readonly stage: RefObject<HTMLDivElement | null>
  readonly layer: RefObject<LayerHandle | null>
  /** Told when a step was made. */
  readonly changed: () => void
}

/** What a pointer that is down does. */
type Grip = 'draw' | 'pan' | 'rest'

/** Buttons of a pointer, as bits. */
const MIDDLE = 4
const RIGHT = 2
const ERASER = 32

export function Stage(props: Props) {
  const { url, title, drawing, hand, change, view, setView, stage, layer, changed } = props
  const { width, height } = drawing.raster
  const t = useT()
  const fingers = useRef(new Map<number, Point>())
  const grip = useRef<Grip>('rest')
  const [space, setSpace] = useState(false)
  const [cursor, setCursor] = useState<Point | null>(null)
  const [pen, setPen] = useState(false)
  useFirstView(stage, drawing.raster, setView)
  useWheel(stage, hand, change, setView)

  const place = useCallback(
    (event: { readonly clientX: number; readonly clientY: number }): Point => {
      const box = stage.current?.getBoundingClientRect()
      return { x: event.clientX - (box?.x ?? 0), y: event.clientY - (box?.y ?? 0) }
    },
    [stage],
  )
  const brushOf = (erases: boolean) => ({ ...hand, erases: erases || hand.tool === 'eraser' })
  function finish(): void {
    drawing.end()
    setPen(false)
    changed()
  }

  function onPointerDown(event: PointerEvent<HTMLDivElement>): void {
    if (view === null) return
    event.currentTarget.setPointerCapture(event.pointerId)
    const at = place(event)
    fingers.current.set(event.pointerId, at)
    if (fingers.current.size > 1) {
      layer.current?.draw(drawing.drop())
      grip.current = 'pan'
      return
    }
    setPen(false)
    const { x, y } = onPicture(view, at)
    setCursor({ x, y })
    if (space || event.buttons & MIDDLE) grip.current = 'pan'
    else if (hand.tool === 'fill') {
      layer.current?.draw(drawing.fill(x, y))
      changed()
    } else {
      grip.current = 'draw'
      const brush = brushOf((event.buttons & (ERASER | RIGHT)) !== 0)
      layer.current?.draw(drawing.begin(brush, { x, y, pressure: pressureOf(event) }))
    }
  }

  function onPointerMove(event: PointerEvent<HTMLDivElement>): void {
    if (view === null) return
    const at = place(event)
    setCursor(onPicture(view, at))
    if (grip.current === 'pan') drag(event.pointerId, at)
    else if (grip.current === 'draw') {
      const events = event.nativeEvent.getCoalescedEvents?.() ?? []
      for (const one of events.length > 0 ? events : [event.nativeEvent]) {
        const { x, y } = onPicture(view, place(one))
        layer.current?.draw(drawing.to({ x, y, pressure: pressureOf(one) }))
      }
    }
  }

  /** Moves the view with one pointer, and zooms it with two. */
  function drag(id: number, to: Point): void {
    if (!fingers.current.has(id)) return
    const before = [...fingers.current.values()].slice(0, 2)
    fingers.current.set(id, to)
    const after = [...fingers.current.values()].slice(0, 2)
    setView((old) => carried(old, before, after, boundedScale))
  }

  function onPointerUp(event: PointerEvent<HTMLDivElement>): void {
    fingers.current.delete(event.pointerId)
    if (grip.current === 'draw') finish()
    if (fingers.current.size === 0) grip.current = 'rest'
  }

  /** Moves the hand by keys: with the brush down it draws. */
  function step(by: Point): void {
    const from = cursor ?? { x: width / 2, y: height / 2 }
    const to = { x: clamped(from.x + by.x, width), y: clamped(from.y + by.y, height) }
    setCursor(to)
    if (pen) layer.current?.draw(drawing.to({ ...to, pressure: 1 }))
    const size = stage.current
    if (size !== null) setView((old) => showing(old, sizeOf(size), to))
  }

  function press(): void {
    const { x, y } = cursor ?? { x: width / 2, y: height / 2 }
    setCursor({ x, y })
    if (hand.tool === 'fill') {
      layer.current?.draw(drawing.fill(x, y))
      changed()
    } else if (pen) finish()
    else {
      layer.current?.draw(drawing.begin(brushOf(false), { x, y, pressure: 1 }))
      setPen(true)
    }
  }

  function onKeyDown(event: KeyboardEvent): void {
    if (event.key === ' ') setSpace(true)
    else if (event.ctrlKey || event.metaKey || event.altKey) return
    else if (event.key === 'Enter') press()
    else {
      const way = WAYS[event.key]
      if (way === undefined) return
      const far = Math.max(1, Math.round(hand.size / 4)) * (event.shiftKey ? 4 : 1)
      step({ x: way.x * far, y: way.y * far })
    }
    event.preventDefault()
  }

  const said = cursor === null ? '' : t('mask.at', { x: Math.round(cursor.x), y: Math.round(cursor.y) })
  const ring = hand.size * (view?.scale ?? 1)
  return (
    <>
      <div
        className="mask-stage"
        ref={stage}
        role="application"
        aria-label={t('mask.stage')}
        aria-describedby="mask-hint"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: it is drawn on by keys
        tabIndex={0}
        data-pan={space || undefined}
        onPointerDown={onPointerDown}
        onPointerMove={onPointerMove}
        onPointerUp={onPointerUp}
        onPointerCancel={onPointerUp}
        onPointerLeave={() => setCursor(null)}
        onContextMenu={(event) => event.preventDefault()}
        onKeyDown={onKeyDown}
        onKeyUp={(event) => event.key === ' ' && setSpace(false)}
        onBlur={() => setSpace(false)}
      >
        {view !== null && (
          <div
            className="mask-picture"
            data-near={view.scale > 3 || undefined}
            style={{ width, height, transform: `translate(${view.x}px, ${view.y}px) scale(${view.scale})` }}
          >
            <img src={url} alt={title} width={width} height={height} draggable={false} />
            <Layer raster={drawing.raster} colour={hand.colour} cover={hand.cover} handle={layer} />
          </div>
        )}
        {view !== null && cursor !== null && !space && (
          <div
            className="mask-ring"
            data-fill={hand.tool === 'fill' || undefined}
            data-down={pen || undefined}
            style={{
              width: ring,
              height: ring,
              transform: `translate(${view.x + cursor.x * view.scale - ring / 2}px, ${view.y + cursor.y * view.scale - ring / 2}px)`,
            }}
          />
        )}
      </div>
      <p className="sr-only" role="status">
        {pen ? `${t('mask.down')} ${said}` : said}
      </p>
    </>
  )
}

const WAYS: Readonly<Record<string, Point>> = {
  ArrowLeft: { x: -1, y: 0 },
  ArrowRight: { x: 1, y: 0 },
  ArrowUp: { x: 0, y: -1 },
  ArrowDown: { x: 0, y: 1 },
}

const clamped = (value: number, most: number) => Math.min(most, Math.max(0, value))
const sizeOf = ({ clientWidth, clientHeight }: Element): Size => ({
  width: clientWidth,
  height: clientHeight,
})

/** Shows all of the picture as soon as the stage has its size. */
function useFirstView(stage: Props['stage'], picture: Size, setView: Props['setView']): void {
  useLayoutEffect(() => {
    const element = stage.current
    if (element !== null) setView(() => fitted(picture, sizeOf(element)))
  }, [stage, picture, setView])
}

/** The wheel changes the brush; with Ctrl, as pinching says, it zooms; with Shift it moves the picture. */
function useWheel(
  stage: Props['stage'],
  hand: Hand,
  change: Props['change'],
  setView: Props['setView'],
): void {
  useEffect(() => {
    const element = stage.current
    function onWheel(event: WheelEvent): void {
      event.preventDefault()
      const box = element?.getBoundingClientRect()
      const at = { x: event.clientX - (box?.x ?? 0), y: event.clientY - (box?.y ?? 0) }
      if (event.ctrlKey || event.metaKey) setView((old) => zoomed(old, Math.exp(-event.deltaY / 300), at))
      else if (event.shiftKey || event.deltaX !== 0)
        setView((old) =>
          panned(old, { x: -(event.deltaX || event.deltaY), y: event.deltaX ? -event.deltaY : 0 }),
        )
      else if (event.deltaY !== 0) change({ size: stepped(hand.size, event.deltaY < 0) })
    }
    element?.addEventListener('wheel', onWheel, { passive: false })
    return () => element?.removeEventListener('wheel', onWheel)
  }, [stage, hand.size, change, setView])
}
