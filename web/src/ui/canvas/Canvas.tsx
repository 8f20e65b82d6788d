/** The graph that is looked at. The document is the truth; xyflow draws it and tells what hands do. */

import {
  ReactFlow,
  ReactFlowProvider,
  SelectionMode,
  useStore as useFlow,
  useKeyPress,
  useReactFlow,
  type Viewport,
} from '@xyflow/react'
import {
  type KeyboardEvent,
  type MouseEvent,
  type PointerEvent,
  useCallback,
  useEffect,
  useMemo,
  useRef,
  useState,
} from 'react'
import { graphOf, type Point } from '../../core/document'
import type { App } from '../../state/app'
import { placeOf } from '../../state/editing'
import { type Tab, withTab } from '../../state/tabs'
import { heard } from '../commands/keyboard'
import { lookInto } from '../jumping'
import { rerouteLink } from '../rerouting'
import { useActiveTab, useApp, usePicked, useStore, useT } from '../use'
import { Afar, nodeAt } from './Afar'
import { Breadcrumb } from './Breadcrumb'
import { ContextMenu } from './ContextMenu'
import { Dots } from './Dots'
import { createFlow } from './flow'
import { GateView } from './GateView'
import { GroupView } from './GroupView'
import { KnotView, PointView } from './KnotView'
import { heardOnCanvas } from './keyboard'
import { type FlowEdge, LEAST_ZOOM, levelOf, MOST_ZOOM } from './kinds'
import { LinkView } from './LinkView'
import { Minimap } from './Minimap'
import { NodeView } from './NodeView'
import { NoteView } from './NoteView'
import { takeOff } from './takingOff'
import { useAfar } from './useAfar'
import { chooseAlone, useChanges } from './useChanges'
import { openingOf, useHandle } from './useHandle'
import { useDrawing, useLinking } from './useLinking'
import { useMenu } from './useMenu'
import { DragContext } from './useScene'
import { useTouch } from './useTouch'

const NODE_TYPES = {
  node: NodeView,
  note: NoteView,
  knot: KnotView,
  gate: GateView,
  group: GroupView,
  point: PointView,
}
const EDGE_TYPES = { link: LinkView }
const GRID = 10
const NOTHING: never[] = []

/** Pixels that a hand may tremble before what it holds moves. */
const HELD = 4

/** Nodes from which on a graph is one picture when it is far away. */
const CROWD = 150

/** Keys that choose several, and that draw a box around what is chosen. */
const MANY = ['Shift', 'Control', 'Meta']

export function Canvas() {
  const tab = useActiveTab()
  if (tab === undefined) return <div className="canvas" />
  const way = tab.path.map((step) => step.node).join(':')
  return (
    <ReactFlowProvider key={`${tab.id}/${tab.graph}/${way}`}>
      <GraphView tab={tab} />
    </ReactFlowProvider>
  )
}

function GraphView({ tab }: { readonly tab: Tab }) {
  const app = useApp()
  const t = useT()
  const definitions = useStore(app.definitions)
  const grid = usePicked(app.settings, (settings) => settings.grid)
  const minimap = usePicked(app.settings, (settings) => settings.minimap)
  const theme = usePicked(app.settings, (settings) => settings.theme)
  const { selection } = tab
  const { document } = tab.edited
  const graph = graphOf(document, tab.graph)
  const subgraph = document.subgraphs.get(tab.graph) ?? null
  const [flow] = useState(createFlow)
  const crowd = graph.nodes.size >= CROWD
  const [opening] = useState(() => tab.view ?? openingOf(graph))
  const begun = useFlow((state) => state.panZoom !== null)
  const seen = useFlow((state) => levelOf(state.transform[2], crowd))
  const level = begun ? seen : levelOf(opening.scale, crowd)
  const afar = level === 'boxes'
  const { onNodesChange, onEdgesChange, move, moved, measured } = useChanges()

  const nodes = useMemo(
    () => flow.nodes({ document, graph, subgraph, definitions, selection, moved, measured, level, t }),
    [flow, document, graph, subgraph, definitions, selection, moved, measured, level, t],
  )
  const { links: chosen } = selection
  const { reroutes } = moved
  const { links, reroutes: points } = graph // which stay the same values while nodes change
  const edges = useMemo(
    () => flow.edges({ links, reroutes: points }, { chosen, reroutes, t }),
    [flow, links, points, chosen, reroutes, t],
  )
  const scene = useMemo(
    () => ({ document, definitions, graph: tab.graph }),
    [document, definitions, tab.graph],
  )
  const drawing = useDrawing(scene)
  const linking = useLinking(scene)
  // With it the view is dragged, by nodes, too.
  const spaced = useKeyPress('Space')
  const { open: openMenu, onContextMenu: openMenuBy } = useMenu()
  const canvas = useRef<HTMLDivElement>(null)
  const pointer = useRef<Point | null>(null)
  useHandle(canvas, pointer, nodes)
  const pressAfar = useAfar(nodes, afar, move)
  useEffect(() => () => app.linking.set(null), [app])
  useEffect(() => {
    app.tabs.update((tabs) => withTab(tabs, tab.id, (one) => ({ ...one, view: one.view ?? opening })))
  }, [app, tab.id, opening])

  const onMoveEnd = useCallback(
    (_: unknown, { x, y, zoom }: Viewport) => {
      app.tabs.update((tabs) => withTab(tabs, tab.id, (one) => ({ ...one, view: { x, y, scale: zoom } })))
    },
    [app, tab.id],
  )
  const { screenToFlowPosition } = useReactFlow()
  const onDoubleClick = useCallback(
    (event: MouseEvent) => {
      const at = screenToFlowPosition({ x: event.clientX, y: event.clientY })
      doubleClicked(app, event.target as Element, at)
    },
    [app, screenToFlowPosition],
  )
  const onNodeClick = useCallback(
    (event: MouseEvent, { id }: { readonly id: string }) => {
      if (!(event.shiftKey || event.ctrlKey || event.metaKey)) chooseAlone(app, id)
    },
    [app],
  )
  const onEdgeClick = useCallback(
    (event: MouseEvent, { id }: FlowEdge) => {
      const at = { x: event.clientX, y: event.clientY }
      if (event.altKey) rerouteLink(app, id, screenToFlowPosition(at, { snapToGrid: false }))
    },
    [app, screenToFlowPosition],
  )
  const onKeyDown = useCallback(
    (event: KeyboardEvent) => {
      // Else the view would move the node by them.
      const alt = event.altKey && event.key.startsWith('Arrow')
      if (alt) heard(app, event.nativeEvent)
      else if (!heardOnCanvas(app, event.nativeEvent)) return
      event.preventDefault()
      event.stopPropagation()
    },
    [app],
  )
  const settled = useTouch(canvas, {
    stayed: openMenu,
    tappedTwice: (target, x, y) => doubleClicked(app, target, screenToFlowPosition({ x, y })),
  })
  const onContextMenu = useCallback(
    (event: MouseEvent) => {
      settled()
      openMenuBy(event)
    },
    [settled, openMenuBy],
  )
  const onPointerMove = useCallback((event: PointerEvent) => {
    pointer.current = { x: event.clientX, y: event.clientY }
  }, [])
  const onPointerDown = useCallback(
    (event: PointerEvent) => {
      if (pressAfar?.(event) === true) event.stopPropagation()
    },
    [pressAfar],
  )
  /** What the view's own dragging listens to, and what a press on a picture is not. */
  const onMouseDown = useCallback(
    (event: MouseEvent) => {
      if (takeOff(app, event)) event.stopPropagation()
      if (!afar || event.button !== 0) return
      const at = screenToFlowPosition({ x: event.clientX, y: event.clientY }, { snapToGrid: false })
      const pane = (event.target as Element).classList.contains('react-flow__pane')
      if (pane && nodeAt(nodes, at) !== undefined) event.stopPropagation()
    },
    [app, afar, nodes, screenToFlowPosition],
  )

  return (
    <DragContext value={drawing}>
      {/* biome-ignore lint/a11y/noStaticElementInteractions: the same by keyboard are commands */}
      <div
        className="canvas"
        ref={canvas}
        data-linking={drawing !== '' || undefined}
        onDoubleClick={onDoubleClick}
        onKeyDownCapture={onKeyDown}
        onContextMenu={onContextMenu}
        onPointerMoveCapture={onPointerMove}
        onPointerDownCapture={onPointerDown}
        onMouseDownCapture={onMouseDown}
      >
        <ReactFlow
          nodes={afar ? NOTHING : nodes}
          edges={afar ? NOTHING : edges}
          nodeTypes={NODE_TYPES}
          edgeTypes={EDGE_TYPES}
          onNodesChange={onNodesChange}
          onEdgesChange={onEdgesChange}
          onEdgeClick={onEdgeClick}
          onNodeClick={onNodeClick}
          nodesDraggable={!spaced}
          {...linking}
          onMoveEnd={onMoveEnd}
          onlyRenderVisibleElements
          defaultViewport={{ x: opening.x, y: opening.y, zoom: opening.scale }}
          minZoom={LEAST_ZOOM}
          maxZoom={MOST_ZOOM}
          snapToGrid={grid}
          snapGrid={[GRID, GRID]}
          selectionOnDrag={false}
          selectionKeyCode={MANY}
          selectionMode={SelectionMode.Partial}
          multiSelectionKeyCode={MANY}
          panOnDrag={[0, 1]}
          deleteKeyCode={null}
          zoomOnDoubleClick={false}
          nodeDragThreshold={HELD}
          connectionDragThreshold={HELD}
          connectionRadius={28}
          reconnectRadius={12}
          edgesReconnectable
          elevateNodesOnSelect
          aria-label={t('canvas.label')}
        >
          {!afar && <Dots />}
          {afar && <Afar nodes={nodes} edges={edges} theme={theme} />}
          {minimap && <Minimap nodes={nodes} />}
        </ReactFlow>
        <Breadcrumb tab={tab} />
        {graph.nodes.size === 0 && (
          <div className="canvas-empty">
            <p className="canvas-empty-title">{t('canvas.empty')}</p>
            <p>{t('canvas.emptyHint')}</p>
          </div>
        )}
        <ContextMenu />
        <Spoken />
      </div>
    </DragContext>
  )
}

/** On nothing: search. On a title: into a subgraph, or a new title. On a link: a point to lead it through. */
function doubleClicked(app: App, on: Element, at: Point): boolean {
  if (on.classList.contains('react-flow__pane')) {
    app.dialog.set({ id: 'search', at })
    return true
  }
  const link = on.closest<SVGElement>('.react-flow__edge')?.dataset['id']
  if (link !== undefined) {
    rerouteLink(app, link, at)
    return true
  }
  if (on.closest('.node-header, .group-header') === null || on.closest('button') !== null) return false
  const id = on.closest<HTMLElement>('.react-flow__node')?.dataset['id'] ?? ''
  const place = placeOf(app)
  const type = place?.shown.nodes.get(id)?.type ?? ''
  if (place?.document.subgraphs.has(type)) lookInto(app, id)
  else app.renaming.set(id)
  return true
}

/** What is told to those who listen to the screen. */
function Spoken() {
  const spoken = useStore(useApp().spoken)
  return (
    <p className="sr-only" role="status" aria-live="assertive">
      {spoken}
    </p>
  )
}
