/** The whole graph in a corner, and what is seen of it: one picture, drawn when the graph changes. */

import { Panel, useStore as useFlow, useReactFlow } from '@xyflow/react'
import { type KeyboardEvent, memo, type PointerEvent, useEffect, useMemo, useRef, useState } from 'react'
import { useT } from '../use'
import type { FlowNode } from './kinds'

const WIDTH = 176
const HEIGHT = 116
const MARGIN = 8

/** Pixels of the window that an arrow key moves the view by. */
const STEP = 120

/** Milliseconds after which it follows what moves: it is only looked at from time to time. */
const LATER = 150

export const Minimap = memo(function Minimap({ nodes: now }: { readonly nodes: readonly FlowNode[] }) {
  const [nodes, setNodes] = useState(now)
  useEffect(() => {
    const timer = setTimeout(() => setNodes(now), LATER)
    return () => clearTimeout(timer)
  }, [now])
  const t = useT()
  const flow = useReactFlow()
  const canvas = useRef<HTMLCanvasElement>(null)
  const fit = useMemo(() => fitOf(nodes), [nodes])

  useEffect(() => {
    if (canvas.current !== null) draw(canvas.current, nodes, fit)
  }, [nodes, fit])

  function look(event: PointerEvent<HTMLElement>): void {
    if (event.buttons !== 1) return
    const box = event.currentTarget.getBoundingClientRect()
    const x = (event.clientX - box.left - fit.left) / fit.scale
    const y = (event.clientY - box.top - fit.top) / fit.scale
    void flow.setCenter(x, y, { zoom: flow.getZoom() })
  }
  function onKeyDown(event: KeyboardEvent): void {
    const step = { ArrowLeft: [1, 0], ArrowRight: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key]
    if (step === undefined) return
    const view = flow.getViewport()
    const [x = 0, y = 0] = step
    void flow.setViewport({ ...view, x: view.x + x * STEP, y: view.y + y * STEP })
    event.preventDefault()
    event.stopPropagation()
  }
  return (
    <Panel position="bottom-right" className="minimap nopan nowheel">
      {/* biome-ignore lint/a11y/useSemanticElements: it is moved in two directions, which no field is */}
      <div
        role="group"
        aria-label={t('canvas.minimap')}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: the arrow keys move the view here
        tabIndex={0}
        onPointerDown={(event) => {
          event.currentTarget.setPointerCapture(event.pointerId)
          look(event)
        }}
        onPointerMove={look}
        onKeyDown={onKeyDown}
      >
        {/* biome-ignore lint/a11y/noAriaHiddenOnFocusable: a canvas has no focus of its own */}
        <canvas ref={canvas} className="minimap-picture" aria-hidden="true" />
        <Seen fit={fit} />
      </div>
    </Panel>
  )
})

interface Fit {
  readonly scale: number
  readonly left: number
  readonly top: number
}

function fitOf(nodes: readonly FlowNode[]): Fit {
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity]
  for (const { position, measured } of nodes) {
    left = Math.min(left, position.x)
    top = Math.min(top, position.y)
    right = Math.max(right, position.x + (measured?.width ?? 0))
    bottom = Math.max(bottom, position.y + (measured?.height ?? 0))
  }
  if (!(right > left && bottom > top)) return { scale: 0.1, left: MARGIN, top: MARGIN }
  const scale = Math.min((WIDTH - 2 * MARGIN) / (right - left), (HEIGHT - 2 * MARGIN) / (bottom - top), 0.12)
  return {
    scale,
    left: (WIDTH - (right - left) * scale) / 2 - left * scale,
    top: (HEIGHT - (bottom - top) * scale) / 2 - top * scale,
  }
}

function draw(canvas: HTMLCanvasElement, nodes: readonly FlowNode[], { scale, left, top }: Fit): void {
  const dense = Math.min(2, devicePixelRatio)
  canvas.width = WIDTH * dense
  canvas.height = HEIGHT * dense
  const pen = canvas.getContext('2d')
  if (pen === null) return
  const style = getComputedStyle(document.documentElement)
  const [plain, chosen, frame] = ['--line-strong', '--accent', '--hover'].map((name) =>
    style.getPropertyValue(name),
  )
  pen.setTransform(dense, 0, 0, dense, 0, 0)
  for (const { type, position, measured, selected } of nodes) {
    if (type === 'point') continue
    pen.fillStyle = (type === 'group' ? frame : selected ? chosen : plain) ?? ''
    const width = Math.max(1.5, (measured?.width ?? 0) * scale)
    const height = Math.max(1.5, (measured?.height ?? 0) * scale)
    pen.fillRect(left + position.x * scale, top + position.y * scale, width, height)
  }
}

/** The frame around what is seen: it alone moves with the view. */
function Seen({ fit }: { readonly fit: Fit }) {
  const frame = useRef<HTMLDivElement>(null)
  const seen = useFlow(({ transform: [x, y, zoom], width, height }) =>
    [-x / zoom, -y / zoom, width / zoom, height / zoom].join(),
  )
  useEffect(() => {
    const [x = 0, y = 0, width = 0, height = 0] = seen.split(',').map(Number)
    const left = clamp(fit.left + x * fit.scale, WIDTH)
    const top = clamp(fit.top + y * fit.scale, HEIGHT)
    const right = clamp(fit.left + (x + width) * fit.scale, WIDTH)
    const bottom = clamp(fit.top + (y + height) * fit.scale, HEIGHT)
    if (frame.current === null) return
    frame.current.style.transform = `translate(${left}px, ${top}px)`
    frame.current.style.width = `${right - left}px`
    frame.current.style.height = `${bottom - top}px`
  }, [seen, fit])
  return <div className="minimap-seen" ref={frame} />
}

const clamp = (value: number, most: number): number => Math.max(0, Math.min(most, value))
