/** A large graph from so far that single nodes can't be read: one picture of its boxes and links, moved by the view. */

import { useStore as useFlow, ViewportPortal } from '@xyflow/react'
import { memo, useEffect, useRef } from 'react'
import { MODE, type Point } from '../../core/document'
import { drawWay } from './curves'
import type { FlowEdge, FlowNode } from './kinds'

interface Props {
  readonly nodes: readonly FlowNode[]
  readonly edges: readonly FlowEdge[]
  readonly theme: string
}

/** Pixels of a side at most: larger graphs are drawn more coarsely. */
const LARGEST = 4096

/** Points of the graph around it. */
const MARGIN = 200

export const Afar = memo(function Afar({ nodes, edges, theme }: Props) {
  const canvas = useRef<HTMLCanvasElement>(null)
  const scale = useFlow((flow) => detail(flow.transform[2]))
  // biome-ignore lint/correctness/useExhaustiveDependencies: the theme gives the colours
  useEffect(() => {
    const element = canvas.current
    if (element === null) return
    // Once a frame, however often something moves meanwhile.
    const frame = requestAnimationFrame(() =>
      draw(element, nodes, edges, scale * Math.min(2, devicePixelRatio)),
    )
    return () => cancelAnimationFrame(frame)
  }, [nodes, edges, scale, theme])
  return (
    <ViewportPortal>
      {/* biome-ignore lint/a11y/noAriaHiddenOnFocusable: a canvas has no focus of its own */}
      <canvas className="afar" ref={canvas} aria-hidden="true" />
    </ViewportPortal>
  )
})

/** Drawn anew only when the zoom has changed by about half. */
const detail = (zoom: number): number => 2 ** (Math.ceil(Math.log2(zoom) * 2 - 0.01) / 2)

/** Returns the node of which the box is at a point, the topmost first. */
export function nodeAt(nodes: readonly FlowNode[], { x, y }: Point): FlowNode | undefined {
  return nodes.findLast(({ type, position, measured, width = 0 }) => {
    if (type === 'group' || type === 'point') return false
    const inside = x >= position.x && x <= position.x + (measured?.width ?? width)
    return inside && y >= position.y && y <= position.y + (measured?.height ?? 0)
  })
}

function draw(
  canvas: HTMLCanvasElement,
  nodes: readonly FlowNode[],
  edges: readonly FlowEdge[],
  wanted: number,
): void {
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity]
  for (const { position, measured } of nodes) {
    left = Math.min(left, position.x)
    top = Math.min(top, position.y)
    right = Math.max(right, position.x + (measured?.width ?? 0))
    bottom = Math.max(bottom, position.y + (measured?.height ?? 0))
  }
  const pen = canvas.getContext('2d')
  if (pen === null || !(right > left)) return
  const [x, y] = [left - MARGIN, top - MARGIN]
  const [width, height] = [right - x + MARGIN, bottom - y + MARGIN]
  const scale = Math.min(wanted, LARGEST / width, LARGEST / height)
  const [columns, rows] = [Math.ceil(width * scale), Math.ceil(height * scale)]
  if (canvas.width === columns && canvas.height === rows) {
    pen.resetTransform()
    pen.clearRect(0, 0, columns, rows)
  } else [canvas.width, canvas.height] = [columns, rows]
  Object.assign(canvas.style, {
    left: `${x}px`,
    top: `${y}px`,
    width: `${width}px`,
    height: `${height}px`,
  })
  const tokens = getComputedStyle(document.documentElement)
  const token = (name: string) => tokens.getPropertyValue(name)
  pen.setTransform(scale, 0, 0, scale, -x * scale, -y * scale)
  drawGroups(pen, nodes, token)
  drawLinks(pen, nodes, edges, 1.4 / wanted, token)
  drawBoxes(pen, nodes, token)
}

type Token = (name: string) => string

function drawGroups(pen: CanvasRenderingContext2D, nodes: readonly FlowNode[], token: Token): void {
  pen.globalAlpha = 0.35
  for (const { type, position, measured, data } of nodes) {
    if (type !== 'group') continue
    pen.fillStyle = (data as { group: { color: string | null } }).group.color ?? token('--line-strong')
    pen.fillRect(position.x, position.y, measured?.width ?? 0, measured?.height ?? 0)
  }
}

function drawLinks(
  pen: CanvasRenderingContext2D,
  nodes: readonly FlowNode[],
  edges: readonly FlowEdge[],
  line: number,
  token: Token,
): void {
  const known = new Map(nodes.map((node) => [node.id, node]))
  const ways = new Map<string, Path2D>()
  for (const { source, sourceHandle, target, targetHandle, data } of edges) {
    const from = portPlace(known.get(source), sourceHandle, 'source')
    const to = portPlace(known.get(target), targetHandle, 'target')
    if (from === null || to === null) continue
    const colour = data?.colour ?? ''
    const way = ways.get(colour) ?? new Path2D()
    ways.set(colour, way)
    drawWay(way, from, to, data?.points)
  }
  const [lightness, chroma] = [token('--port-lightness'), token('--port-chroma')]
  pen.lineWidth = line
  pen.globalAlpha = 0.7
  for (const [colour, way] of ways) {
    // The picture knows no variables of the style sheet.
    pen.strokeStyle = colour.replace('var(--port-lightness)', lightness).replace('var(--port-chroma)', chroma)
    pen.stroke(way)
  }
}

function drawBoxes(pen: CanvasRenderingContext2D, nodes: readonly FlowNode[], token: Token): void {
  const boxes = new Map<string, Path2D>()
  for (const node of nodes) {
    if (node.type === 'group' || node.type === 'point') continue
    const own = node.type === 'gate' ? null : node.data.node.bgcolor
    const colour = node.selected ? token('--accent') : (own ?? token('--box'))
    const path = boxes.get(colour) ?? new Path2D()
    boxes.set(colour, path)
    path.rect(node.position.x, node.position.y, node.measured?.width ?? 0, node.measured?.height ?? 0)
  }
  pen.globalAlpha = 1
  for (const [colour, path] of boxes) {
    pen.fillStyle = colour
    pen.fill(path)
  }
  const muted = new Path2D()
  for (const { type, data, position, measured } of nodes) {
    const off = type === 'node' && data.node.mode !== MODE.always
    if (off) muted.rect(position.x, position.y, measured?.width ?? 0, measured?.height ?? 0)
  }
  pen.globalAlpha = 0.55
  pen.fillStyle = token('--canvas')
  pen.fill(muted)
}

/** Returns the point of the graph that a port lies at; null where it is not known. */
export function portPlace(
  node: FlowNode | undefined,
  handle: string | null | undefined,
  type: 'source' | 'target',
): Point | null {
  const found = node?.handles?.find((one) => one.id === handle && one.type === type)
  if (node === undefined || found === undefined) return null
  const side = type === 'source' ? (found.width ?? 0) : 0
  return { x: node.position.x + found.x + side, y: node.position.y + found.y + (found.height ?? 0) / 2 }
}
