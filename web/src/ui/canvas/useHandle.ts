/** Lets commands move the view while there is one. */

import { useReactFlow } from '@xyflow/react'
import { type RefObject, useEffect, useRef } from 'react'
import { boxAround, boxOf } from '../../core/commands/nodes'
import type { Box, Graph, Point, View } from '../../core/document'
import { selectNodes } from '../../state/editing'
import { useApp } from '../use'
import { FAR, type FlowNode } from './kinds'

/** The part of the window's sides that is left free around what is shown whole, and its bounds of the zoom. */
const RIM = 0.06
const [LEAST, MOST] = [0.02, 1]

function boxOfNode({ position, measured, width, height }: FlowNode): Box {
  return { ...position, width: measured?.width ?? width ?? 0, height: measured?.height ?? height ?? 0 }
}

/** Returns the view that shows boxes whole; null for none. */
function fitting(
  boxes: readonly Box[],
  { width, height }: { readonly width: number; readonly height: number },
) {
  const around = boxAround(boxes)
  if (around === undefined || width === 0 || height === 0) return null
  const free = 1 - 2 * RIM
  const zoom = Math.max(
    LEAST,
    Math.min(MOST, (width * free) / Math.max(1, around.width), (height * free) / Math.max(1, around.height)),
  )
  return {
    x: width / 2 - (around.x + around.width / 2) * zoom,
    y: height / 2 - (around.y + around.height / 2) * zoom,
    zoom,
  }
}

/** Returns the view that shows a whole graph, before any of it has been drawn. */
export function fitted(graph: Graph): View {
  const boxes = [...[...graph.nodes.values()].map(boxOf), ...[...graph.groups.values()].map((one) => one.box)]
  const room = document.querySelector('.main')?.getBoundingClientRect()
  const view = fitting(boxes, room ?? { width: innerWidth, height: innerHeight })
  return view === null ? { x: 0, y: 0, scale: 1 } : { x: view.x, y: view.y, scale: view.zoom }
}

/** Tells whether a box is seen: all of it, or with `partly` some. */
function shows(seen: Box, box: Box, partly: boolean): boolean {
  const [right, bottom] = [seen.x + seen.width, seen.y + seen.height]
  if (partly)
    return box.x < right && box.y < bottom && box.x + box.width > seen.x && box.y + box.height > seen.y
  return box.x >= seen.x && box.y >= seen.y && box.x + box.width <= right && box.y + box.height <= bottom
}

export function useHandle(
  canvas: RefObject<HTMLDivElement | null>,
  pointer: RefObject<Point | null>,
  nodes: readonly FlowNode[],
): void {
  const latest = useRef(nodes)
  latest.current = nodes
  const app = useApp()
  const flow = useReactFlow()
  useEffect(() => {
    const calm = matchMedia('(prefers-reduced-motion: reduce)').matches
    const time = (milliseconds: number) => (calm ? 0 : milliseconds)
    const box = () => canvas.current?.getBoundingClientRect() ?? new DOMRect()
    const at = (x: number, y: number): Point | null => {
      const { left, right, top, bottom } = box()
      const inside = x >= left && x < right && y >= top && y < bottom
      return inside ? flow.screenToFlowPosition({ x, y }, { snapToGrid: false }) : null
    }
    app.canvas.set({
      fit(ids) {
        const wanted = ids === undefined ? null : new Set(ids)
        const boxes = latest.current.filter(({ id }) => wanted === null || wanted.has(id)).map(boxOfNode)
        const view = fitting(boxes, box())
        if (view !== null) void flow.setViewport(view, { duration: time(200) })
      },
      pan(x, y) {
        const view = flow.getViewport()
        void flow.setViewport({ ...view, x: view.x + x, y: view.y + y })
      },
      show: ({ x, y, scale }) => void flow.setViewport({ x, y, zoom: scale }, { duration: time(200) }),
      view() {
        const { x, y, zoom } = flow.getViewport()
        return { x, y, scale: zoom }
      },
      reach(id, still = false) {
        selectNodes(app, [id])
        // A node that has just been added is known to the view after it has been drawn.
        nextFrame(() => {
          const node = latest.current.find((one) => one.id === id)
          if (node === undefined) return
          const around = boxOfNode(node)
          const { x, y, width, height } = around
          const zoom = Math.max(flow.getZoom(), 0.5)
          const seen = flow.getZoom() >= FAR && shows(visible(flow.getViewport(), box()), around, still)
          if (!seen) void flow.setCenter(x + width / 2, y + height / 2, { zoom })
          nextFrame(() => elementOf(canvas.current, id)?.focus({ preventScroll: true }))
        })
      },
      zoom: (factor) => void flow.zoomTo(flow.getZoom() * factor, { duration: time(120) }),
      zoomTo: (scale) => void flow.zoomTo(scale, { duration: time(120) }),
      middle() {
        const { left, top, width, height } = box()
        return flow.screenToFlowPosition({ x: left + width / 2, y: top + height / 2 })
      },
      pointer: () => (pointer.current === null ? null : at(pointer.current.x, pointer.current.y)),
      at,
    })
    return () => app.canvas.set(null)
  }, [app, flow, canvas, pointer])
}

function nextFrame(act: () => void): void {
  requestAnimationFrame(() => requestAnimationFrame(act))
}

/** Returns the part of the graph that is seen, without its rim. */
function visible({ x, y, zoom }: { x: number; y: number; zoom: number }, { width, height }: DOMRect) {
  const rim = 40
  return {
    x: (rim - x) / zoom,
    y: (rim - y) / zoom,
    width: (width - 2 * rim) / zoom,
    height: (height - 2 * rim) / zoom,
  }
}

/** Returns what a node is drawn in. */
export function elementOf(canvas: Element | null | undefined, id: string): HTMLElement | null {
  return canvas?.querySelector<HTMLElement>(`.react-flow__node[data-id="${CSS.escape(id)}"]`) ?? null
}
