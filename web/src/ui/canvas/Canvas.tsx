/** The graph that is looked at. The document is the truth; xyflow draws it and tells what hands do. */

import {
  Background,
  BackgroundVariant,
  type Connection,
  MiniMap,
  type NodeChange,
  ReactFlow,
  ReactFlowProvider,
  SelectionMode,
  useReactFlow,
  type Viewport,
} from '@xyflow/react'
import { type MouseEvent, useCallback, useEffect, useMemo, useRef, useState } from 'react'
import { place } from '../../core/commands/nodes'
import { graphOf, type NodeId, type Point } from '../../core/document'
import { edit, select } from '../../state/editing'
import { activeTab, type Tab, withTab } from '../../state/tabs'
import { useActiveTab, useApp, usePicked, useStore, useT } from '../use'
import { createFlow, type FlowEdge, type FlowNode, filePosition, type Measured } from './flow'
import { LinkView } from './LinkView'
import { NodeView } from './NodeView'
import { connectDrawn, drawnOf, mayConnect } from './ports'

const NODE_TYPES = { node: NodeView }
const EDGE_TYPES = { link: LinkView }
const GRID = 10
const NOBODY: ReadonlyMap<NodeId, Point> = new Map()
const FIT = { padding: 0.12, maxZoom: 1, minZoom: 0.1 }

export function Canvas() {
  const tab = useActiveTab()
  if (tab === undefined) return <div className="canvas" />
  return (
    <ReactFlowProvider key={`${tab.id}/${tab.graph}`}>
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
  const { document } = tab.edited
  const graph = graphOf(document, tab.graph)
  const [moved, setMoved] = useState(NOBODY)
  const [measured, setMeasured] = useState<Measured>(new Map())
  const [flow] = useState(createFlow)
  const { selection } = tab

  const nodes = useMemo(
    () => flow.nodes({ document, graph, definitions, selection, moved, measured, t }),
    [flow, document, graph, definitions, selection, moved, measured, t],
  )
  const edges = useMemo(() => flow.edges(graph, selection), [flow, graph, selection])
  useHandle()

  const onNodesChange = useCallback(
    (changes: NodeChange<FlowNode>[]) => {
      const positions = new Map<NodeId, Point>()
      const sizes = new Map<NodeId, { width: number; height: number }>()
      const chosen = new Map<NodeId, boolean>()
      for (const change of changes) {
        if (change.type === 'position' && change.position)
          positions.set(change.id, filePosition(change.position))
        else if (change.type === 'dimensions' && change.dimensions) sizes.set(change.id, change.dimensions)
        else if (change.type === 'select') chosen.set(change.id, change.selected)
      }
      if (sizes.size > 0) setMeasured((old) => new Map([...old, ...sizes]))
      if (positions.size > 0) {
        const dragged = changes.some((change) => change.type === 'position' && change.dragging)
        if (dragged) setMoved((old) => new Map([...old, ...positions]))
        else {
          setMoved(NOBODY)
          edit(app, t('edit.move'), (at) => place(at, positions))
        }
      }
      if (chosen.size > 0) {
        const now = activeTab(app.tabs.get())?.selection ?? selection
        const kept = new Set(now.nodes)
        for (const [id, selected] of chosen) {
          if (selected) kept.add(id)
          else kept.delete(id)
        }
        select(app, { ...now, nodes: kept })
      }
    },
    [app, selection, t],
  )
  const onEdgesChange = useCallback(
    (changes: { type: string; id?: string; selected?: boolean }[]) => {
      const now = activeTab(app.tabs.get())?.selection
      const picks = changes.filter((change) => change.type === 'select')
      if (now === undefined || picks.length === 0) return
      const links = new Set(now.links)
      for (const { id = '', selected } of picks) {
        if (selected) links.add(id)
        else links.delete(id)
      }
      select(app, { ...now, links })
    },
    [app],
  )
  const isValidConnection = useCallback(
    (link: FlowEdge | Connection) =>
      mayConnect({ document, definitions, graph: tab.graph }, link as Connection),
    [document, definitions, tab.graph],
  )
  const onConnect = useCallback(
    (link: Connection) => {
      const drawn = drawnOf(link)
      if (drawn !== null) edit(app, t('edit.connect'), (at) => connectDrawn(at, drawn))
    },
    [app, t],
  )
  const onMoveEnd = useCallback(
    (_: unknown, { x, y, zoom }: Viewport) => {
      app.tabs.update((tabs) => withTab(tabs, tab.id, (one) => ({ ...one, view: { x, y, scale: zoom } })))
    },
    [app, tab.id],
  )
  const { screenToFlowPosition } = useReactFlow()
  const search = useCallback(
    (x: number, y: number) => app.dialog.set({ id: 'search', at: screenToFlowPosition({ x, y }) }),
    [app, screenToFlowPosition],
  )
  const onDoubleClick = useCallback(
    (event: MouseEvent) => {
      const on = event.target as Element
      if (on.classList.contains('react-flow__pane')) search(event.clientX, event.clientY)
    },
    [search],
  )
  const [opening] = useState(tab.view)

  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the same by keyboard is the command "Add a node"
    <div className="canvas" onDoubleClick={onDoubleClick}>
      <ReactFlow
        nodes={nodes}
        edges={edges}
        nodeTypes={NODE_TYPES}
        edgeTypes={EDGE_TYPES}
        onNodesChange={onNodesChange}
        onEdgesChange={onEdgesChange}
        onConnect={onConnect}
        isValidConnection={isValidConnection}
        onMoveEnd={onMoveEnd}
        onlyRenderVisibleElements
        {...(opening === null
          ? { fitView: true, fitViewOptions: FIT }
          : { defaultViewport: { x: opening.x, y: opening.y, zoom: opening.scale } })}
        minZoom={0.05}
        maxZoom={3}
        snapToGrid={grid}
        snapGrid={[GRID, GRID]}
        selectionOnDrag={false}
        selectionMode={SelectionMode.Partial}
        multiSelectionKeyCode={['Shift', 'Control', 'Meta']}
        deleteKeyCode={null}
        zoomOnDoubleClick={false}
        connectionRadius={28}
        elevateNodesOnSelect
        aria-label={t('canvas.label')}
      >
        <Background variant={BackgroundVariant.Dots} gap={20} size={1.4} color="var(--canvas-dot)" />
        {minimap && (
          <MiniMap
            pannable
            zoomable
            ariaLabel={t('canvas.minimap')}
            nodeColor="var(--line-strong)"
            nodeBorderRadius={6}
          />
        )}
      </ReactFlow>
      {graph.nodes.size === 0 && (
        <div className="canvas-empty">
          <p className="canvas-empty-title">{t('canvas.empty')}</p>
          <p>{t('canvas.emptyHint')}</p>
        </div>
      )}
    </div>
  )
}

/** Lets commands move the view while there is one. */
function useHandle(): void {
  const app = useApp()
  const { fitView, zoomTo, getZoom, screenToFlowPosition } = useReactFlow()
  const place = useRef<Element | null>(null)
  useEffect(() => {
    place.current = window.document.querySelector('.canvas')
    app.canvas.set({
      fit: (nodes) =>
        void fitView({ ...FIT, duration: 200, ...(nodes ? { nodes: nodes.map((id) => ({ id })) } : {}) }),
      zoom: (factor) => void zoomTo(getZoom() * factor, { duration: 120 }),
      zoomTo: (scale) => void zoomTo(scale, { duration: 120 }),
      middle() {
        const box = place.current?.getBoundingClientRect() ?? new DOMRect()
        return screenToFlowPosition({ x: box.x + box.width / 2, y: box.y + box.height / 2 })
      },
      at(x, y) {
        const box = place.current?.getBoundingClientRect() ?? new DOMRect()
        const inside = x >= box.left && x < box.right && y >= box.top && y < box.bottom
        return inside ? screenToFlowPosition({ x, y }) : null
      },
    })
    return () => app.canvas.set(null)
  }, [app, fitView, zoomTo, getZoom, screenToFlowPosition])
}
