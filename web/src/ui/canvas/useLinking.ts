/** Drawing links: from port to port, into the void, onto a field or a node; and drawing their ends elsewhere. */

import {
  type Connection,
  type FinalConnectionState,
  type HandleType,
  useConnection,
  useStore as useFlow,
  useReactFlow,
} from '@xyflow/react'
import { useCallback, useRef } from 'react'
import { disconnect } from '../../core/commands/links'
import type { Scene } from '../../core/commands/plan'
import type { Op } from '../../core/operations'
import { type PortFrom, say, toast } from '../../state/app'
import { edit, placeOf } from '../../state/editing'
import { uuid } from '../commands/uuid'
import { useApp, useStore } from '../use'
import { fieldHandle, inputHandle } from './geometry'
import type { FlowEdge } from './kinds'
import {
  bestPort,
  between,
  connectDrawn,
  dragging,
  dragText,
  drawnOf,
  mayConnect,
  mayLink,
  portAt,
} from './ports'

/** Tells the port that a link is being drawn from, however that is done, as `fits` takes it. */
export function useDrawing(scene: Scene): string {
  const app = useApp()
  const drawn = useConnection((connection) => dragging(scene, connection))
  const tapped = useFlow(({ connectionClickStartHandle: from }) => {
    const port = from ? portAt(scene, from.nodeId, from.id, from.type) : null
    return port === null ? '' : dragText(port)
  })
  const typed = useStore(app.linking)
  return drawn || tapped || (typed === null ? '' : dragText(typed))
}

export function useLinking(scene: Scene) {
  const app = useApp()
  const { screenToFlowPosition } = useReactFlow()
  const redrawn = useRef<FlowEdge | null>(null)

  const isValidConnection = useCallback(
    (link: FlowEdge | Connection) => mayConnect(scene, link as Connection),
    [scene],
  )

  /** Makes a link; in the place of another where its end was drawn elsewhere. */
  const make = useCallback(
    (ops: (at: NonNullable<ReturnType<typeof placeOf>>) => readonly Op[], instead?: string) => {
      const merge = `link:${app.newId()}`
      edit(app, say(app, 'edit.connect'), ops, merge)
      // Last: the points that it passes go with the last link that does.
      if (instead !== undefined) edit(app, say(app, 'edit.connect'), (at) => disconnect(at, [instead]), merge)
    },
    [app],
  )
  const onConnect = useCallback(
    (link: Connection) => {
      const place = placeOf(app)
      const drawn = place && drawnOf(place, link)
      if (drawn !== null) make((at) => connectDrawn(at, drawn, () => uuid(app)))
    },
    [app, make],
  )
  /** Takes in a link that was let go somewhere that is no port. */
  const letGo = useCallback(
    (event: MouseEvent | TouchEvent, state: FinalConnectionState, instead?: FlowEdge) => {
      const place = placeOf(app)
      const handle = state.fromHandle
      if (place === null || handle === null || state.isValid === true) return
      const from = portAt(place, handle.nodeId, handle.id, handle.type)
      const tip = 'changedTouches' in event ? event.changedTouches[0] : event
      if (tip === undefined) return
      const { clientX, clientY } = tip
      const under = document.elementFromPoint(clientX, clientY)
      if (from === null || under === null) return
      const node = under.closest<HTMLElement>('.react-flow__node')?.dataset['id']
      if (node !== undefined) {
        const field = under.closest<HTMLElement>('[data-field]')?.dataset['field']
        const port =
          (field === undefined ? null : fieldPort(place, from, node, field)) ?? bestPort(place, from, node)
        const via = from.side === 'output' ? place.shown.links.get(instead?.id ?? '')?.reroute : null
        const drawn = port === null ? null : between(via == null ? from : { ...from, via }, port)
        if (drawn !== null && mayLink(place, drawn))
          make((at) => connectDrawn(at, drawn, () => uuid(app)), instead?.id)
        else if (node !== handle.nodeId) toast(app, 'info', say(app, 'link.refused', { type: from.type }))
      } else if (under.closest('.react-flow__pane') !== null) {
        if (instead !== undefined)
          edit(app, say(app, 'edit.disconnect'), (at) => disconnect(at, [instead.id]))
        else app.dialog.set({ id: 'search', at: screenToFlowPosition({ x: clientX, y: clientY }), from })
      }
    },
    [app, make, screenToFlowPosition],
  )
  const onConnectEnd = useCallback(
    (event: MouseEvent | TouchEvent, state: FinalConnectionState) => {
      if (redrawn.current === null) letGo(event, state)
    },
    [letGo],
  )
  const onReconnectStart = useCallback((_: unknown, edge: FlowEdge) => {
    redrawn.current = edge
  }, [])
  const onReconnect = useCallback(
    (edge: FlowEdge, link: Connection) => {
      const place = placeOf(app)
      const drawn = place && drawnOf(place, link)
      const sameSource = link.source === edge.source && link.sourceHandle === edge.sourceHandle
      const same = sameSource && link.target === edge.target && link.targetHandle === edge.targetHandle
      if (place === null || drawn === null || same) return
      const via = sameSource ? (place.shown.links.get(edge.id)?.reroute ?? null) : drawn.via
      make((at) => connectDrawn(at, { ...drawn, via }, () => uuid(app)), edge.id)
    },
    [app, make],
  )
  const onReconnectEnd = useCallback(
    (event: MouseEvent | TouchEvent, edge: FlowEdge, _: HandleType, state: FinalConnectionState) => {
      redrawn.current = null
      letGo(event, state, edge)
    },
    [letGo],
  )
  return { isValidConnection, onConnect, onConnectEnd, onReconnectStart, onReconnect, onReconnectEnd }
}

/** Returns the port of a field of a node. */
function fieldPort(scene: Scene, from: PortFrom, node: string, field: string): PortFrom | null {
  if (from.side !== 'output') return null
  const graph = scene.graph === '' ? scene.document.root : scene.document.subgraphs.get(scene.graph)
  const slot = graph?.nodes.get(node)?.inputs.findIndex((one) => one.name === field) ?? -1
  return portAt(scene, node, slot >= 0 ? inputHandle(slot) : fieldHandle(field), 'target')
}
