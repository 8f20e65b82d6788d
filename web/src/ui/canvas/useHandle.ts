/** Lets commands move the view while there is one. */

import { useReactFlow } from '@xyflow/react'
import { type RefObject, useEffect, useRef } from 'react'
import { boxAround, boxOf } from '../../core/commands/nodes'
import type { Box, Graph, Point, View } from '../../core/document'
import { placeOf, select, selectNodes } from '../../state/editing'
import { NOTHING_SELECTED } from '../../state/tabs'
import { useApp } from '../use'
import { portPlace } from './Afar'
import { fitting, opening } from './fitting'
import { inputHandle, outputHandle } from './geometry'
import { FAR, type FlowNode, namedBy } from './kinds'

function boxOfNode({ position, measured, width, height }: FlowNode): Box {
  return { ...position, width: measured?.width ?? width ?? 0, height: measured?.height ?? height ?? 0 }
}

/** Returns the view that a graph is first shown in, before any of it has been drawn. */
export function openingOf(graph: Graph): View {
  const boxes = [...[...graph.nodes.values()].map(boxOf), ...[...graph.groups.values()].map((one) => one.box)]
  const room = document.querySelector('.main')?.getBoundingClientRect()
  return opening(boxes, room ?? { width: innerWidth, height: innerHeight }) ?? { x: 0, y: 0, scale: 1 }
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
        if (view === null) return
        void flow.setViewport({ x: view.x, y: view.y, zoom: view.scale }, { duration: time(200) })
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
        const named = namedBy(id)
        if (named.kind === 'reroute') select(app, { ...NOTHING_SELECTED, reroutes: new Set([named.id]) })
        else selectNodes(app, [id])
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
      sees(boxes) {
        const seen = visible(flow.getViewport(), box())
        return boxes.length === 0 || boxes.some((one) => shows(seen, one, true))
      },
      bring(boxes) {
        const [around, view] = [boxAround(boxes), fitting(boxes, box())]
        if (around === undefined || view === null) return
        const zoom = Math.min(flow.getZoom(), view.scale)
        const [x, y] = [around.x + around.width / 2, around.y + around.height / 2]
        void flow.setCenter(x, y, { zoom, duration: time(200) })
      },
      zoom: (factor) => void flow.zoomTo(flow.getZoom() * factor, { duration: time(120) }),
      zoomTo: (scale) => void flow.zoomTo(scale, { duration: time(120) }),
      middle() {
        const { left, top, width, height } = box()
        return flow.screenToFlowPosition({ x: left + width / 2, y: top + height / 2 })
      },
      boxOf(node) {
        const found = latest.current.find((one) => one.id === node.id)
        return found === undefined ? boxOf(node) : boxOfNode(found)
      },
      ends(id) {
        const link = placeOf(app)?.shown.links.get(id)
        const nodeOf = (node: string) => latest.current.find((one) => one.id === node)
        if (link === undefined) return null
        const from = portPlace(nodeOf(link.origin), outputHandle(link.originSlot), 'source')
        const to = portPlace(nodeOf(link.target), inputHandle(link.targetSlot), 'target')
        return from === null || to === null ? null : { from, to }
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
