/** What hands do to nodes and links, made into changes of the document and of what is chosen. */

import { type EdgeChange, type NodeChange, useStoreApi } from '@xyflow/react'
import { useCallback, useEffect, useRef, useState } from 'react'
import { NO_PLACES, type Places, placeAll, withContents } from '../../core/commands/placing'
import type { Point } from '../../core/document'
import { type App, say } from '../../state/app'
import { edit, placeOf, select } from '../../state/editing'
import { NOTHING_SELECTED } from '../../state/tabs'
import { duplicateTo } from '../clipboard'
import { useApp } from '../use'
import { filePosition } from './flow'
import type { Measured } from './flowInput'
import { pointPosition } from './frames'
import { type FlowEdge, type FlowNode, namedBy } from './kinds'

export function useChanges() {
  const app = useApp()
  const store = useStoreApi()
  const [moved, setMoved] = useState<Places>(NO_PLACES)
  const dragging = useRef(false)
  const [measured, setMeasured] = useState<Measured>(new Map())
  const copying = useAlt()

  const move = useCallback(
    (positions: ReadonlyMap<string, Point>, end: boolean) => {
      const place = placeOf(app)
      if (place === null) return
      const places = withContents(place.shown, placesOf(place, positions))
      if (!end) {
        dragging.current = true
        setMoved((old) => joined(old, places))
        return
      }
      setMoved(NO_PLACES)
      if (dragging.current && copying.current) {
        dragging.current = false
        duplicateTo(app, places)
        return
      }
      // Steps with the arrow keys that follow at once are one.
      const steps = dragging.current ? undefined : `nudge:${[...positions.keys()].join()}`
      dragging.current = false
      edit(app, say(app, 'edit.move'), (at) => placeAll(at, places), steps)
    },
    [app, copying],
  )
  const onNodesChange = useCallback(
    (changes: NodeChange<FlowNode>[]) => {
      const positions = new Map<string, Point>()
      const sizes = new Map<string, { width: number; height: number }>()
      const chosen = new Map<string, boolean>()
      let dragged = false
      for (const change of changes) {
        if (change.type === 'position' && change.position) {
          positions.set(change.id, change.position)
          dragged ||= change.dragging === true
        } else if (change.type === 'dimensions' && change.dimensions && namedBy(change.id).kind === 'node') {
          sizes.set(change.id, change.dimensions)
        } else if (change.type === 'select') chosen.set(change.id, change.selected)
      }
      if (sizes.size > 0) setMeasured((old) => new Map([...old, ...sizes]))
      if (positions.size > 0) move(positions, !dragged)
      if (chosen.size > 0) choose(app, chosen, store.getState().userSelectionActive)
    },
    [app, store, move],
  )

  const onEdgesChange = useCallback(
    (changes: EdgeChange<FlowEdge>[]) => {
      const now = placeOf(app)?.tab.selection
      if (now === undefined) return
      const links = new Set(now.links)
      let changed = false
      for (const change of changes) {
        if (change.type !== 'select') continue
        changed = true
        if (change.selected) links.add(change.id)
        else links.delete(change.id)
      }
      if (changed) select(app, { ...now, links })
    },
    [app],
  )
  return { onNodesChange, onEdgesChange, move, moved, measured }
}

/** Tells whether Alt is down while the mouse is used: then what is dragged is copied, and stays where it was. */
function useAlt(): { readonly current: boolean } {
  const alt = useRef(false)
  useEffect(() => {
    const follow = (event: PointerEvent) => {
      alt.current = event.altKey
    }
    const heard = ['pointermove', 'pointerup'] as const
    for (const type of heard) window.addEventListener(type, follow, { capture: true, passive: true })
    return () => {
      for (const type of heard) window.removeEventListener(type, follow, { capture: true })
    }
  }, [])
  return alt
}

/** Takes places of the view to those of the document. */
function placesOf(
  { document, graph, shown }: NonNullable<ReturnType<typeof placeOf>>,
  positions: ReadonlyMap<string, Point>,
): Places {
  const nodes = new Map<string, Point>()
  const groups = new Map<string, Point>()
  const reroutes = new Map<string, Point>()
  const gates = new Map<'entry' | 'exit', Point>()
  const subgraph = document.subgraphs.get(graph)
  for (const [at, position] of positions) {
    const { kind, id } = namedBy(at)
    const node = kind === 'node' ? shown.nodes.get(id) : undefined
    if (kind === 'group') groups.set(id, position)
    else if (kind === 'reroute') reroutes.set(id, pointPosition(position))
    else if (node !== undefined) nodes.set(id, filePosition(node, position))
    else if (id === subgraph?.entry.id) gates.set('entry', position)
    else if (id === subgraph?.exit.id) gates.set('exit', position)
  }
  return { nodes, groups, reroutes, gates }
}

function joined(old: Places, more: Places): Places {
  return {
    nodes: both(old.nodes, more.nodes),
    groups: both(old.groups, more.groups),
    reroutes: both(old.reroutes, more.reroutes),
    gates: both(old.gates, more.gates),
  }
}

/** What nothing is added to stays the same value: links are made anew only when their points move. */
function both<K>(old: ReadonlyMap<K, Point>, more: ReadonlyMap<K, Point>): ReadonlyMap<K, Point> {
  return more.size === 0 ? old : new Map([...old, ...more])
}

/** Chooses one of several that are chosen alone; a press may also have begun to move them all. */
export function chooseAlone(app: App, at: string): void {
  const now = placeOf(app)?.tab.selection
  if (now === undefined || now.nodes.size + now.groups.size + now.reroutes.size + now.links.size < 2) return
  const { kind, id } = namedBy(at)
  select(app, { ...NOTHING_SELECTED, [`${kind}s`]: new Set([id]) })
}

/** A frame is not chosen by a box that is drawn over a part of it. */
function choose(app: App, changes: ReadonlyMap<string, boolean>, byBox: boolean): void {
  const now = placeOf(app)?.tab.selection
  if (now === undefined) return
  const sets = {
    node: new Set(now.nodes),
    group: new Set(now.groups),
    reroute: new Set(now.reroutes),
  }
  for (const [at, selected] of changes) {
    const { kind, id } = namedBy(at)
    if (!selected) sets[kind].delete(id)
    else if (kind !== 'group' || !byBox) sets[kind].add(id)
  }
  select(app, { links: now.links, nodes: sets.node, groups: sets.group, reroutes: sets.reroute })
}
