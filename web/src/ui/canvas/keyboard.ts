/** Going from node to node and from port to port by keyboard, and linking ports. */

import type { HandleType } from '@xyflow/react'
import { hideOutput } from '../../core/commands/borders'
import { disconnect } from '../../core/commands/links'
import { boxOf } from '../../core/commands/nodes'
import { removeReroutes } from '../../core/commands/reroutes'
import { hideInput } from '../../core/commands/subgraphs'
import { titleOf } from '../../core/widgets'
import { type App, type PortFrom, say } from '../../state/app'
import { edit, type Place, placeOf } from '../../state/editing'
import { uuid } from '../commands/uuid'
import { announce } from '../jumping'
import { portOf } from './geometry'
import { pointId } from './kinds'
import { type Direction, isDirection, nearest } from './nearest'
import { between, connectDrawn, dragText, fits, mayLink, portAt } from './ports'

/** Acts on a key that was pressed on the canvas; tells whether it was one of these. */
export function heardOnCanvas(app: App, event: KeyboardEvent): boolean {
  const on = event.target as HTMLElement
  if (on.matches('input, textarea, select, [contenteditable]')) return leftField(event, on)
  const port = on.closest<HTMLElement>('.port')
  const node = on.closest<HTMLElement>('.react-flow__node')
  if (port !== null && node !== null) return atPort(app, event, port, node)
  return node !== null && on === node && atNode(app, event, node)
}

/** Escape leaves a field to its node; where a list is open below the field, it closes that. */
function leftField(event: KeyboardEvent, field: HTMLElement): boolean {
  if (event.key !== 'Escape' || field.hasAttribute('aria-activedescendant')) return false
  field.closest<HTMLElement>('.react-flow__node')?.focus()
  return true
}

function atNode(app: App, event: KeyboardEvent, node: HTMLElement): boolean {
  if (event.ctrlKey || event.metaKey) return isDirection(event.key) && toNeighbour(app, event.key, node)
  if (event.altKey || event.shiftKey) return false
  if (event.key === 'Enter') return toPort(portsOf(node, app.linking.get()).at(0))
  return event.key === 'Escape' && unlinked(app)
}

function atPort(app: App, event: KeyboardEvent, port: HTMLElement, node: HTMLElement): boolean {
  const { key } = event
  if (event.ctrlKey || event.metaKey) return isDirection(key) && toNeighbour(app, key, node)
  if (event.altKey) return false
  if (key === 'Enter' || key === ' ') return link(app, port)
  if (key === 'Delete' || key === 'Backspace') return unlink(app, port)
  if (key === 'Escape') {
    if (!unlinked(app)) node.focus()
    return true
  }
  if (!isDirection(key)) return false
  const own = portsOf(node, null)
  if (key === 'ArrowUp' || key === 'ArrowDown') {
    const side = own.filter((one) => sideOf(one) === sideOf(port))
    return toPort(side[side.indexOf(port) + (key === 'ArrowUp' ? -1 : 1)])
  }
  const other = key === 'ArrowLeft' ? 'target' : 'source'
  return toPort(own.find((one) => sideOf(one) === other && sideOf(port) !== other))
}

const sideOf = (port: HTMLElement): HandleType => (port.classList.contains('source') ? 'source' : 'target')

/** Returns the ports of a node from top to bottom, inputs first; while linking, only those that fit. */
function portsOf(node: HTMLElement, linking: PortFrom | null): readonly HTMLElement[] {
  const all = [...node.querySelectorAll<HTMLElement>('.port')]
  const fit = linking === null ? all : all.filter((one) => one.dataset['fit'] === 'true')
  const rank = (one: HTMLElement) => (sideOf(one) === 'target' ? 0 : 100_000) + one.offsetTop
  return fit.toSorted((one, other) => rank(one) - rank(other))
}

function toPort(port: HTMLElement | undefined): boolean {
  port?.focus({ preventScroll: true })
  return true
}

/** Goes to the next node in a direction, and where a link is being made to its first port that fits. */
function toNeighbour(app: App, direction: Direction, node: HTMLElement): boolean {
  const place = placeOf(app)
  const id = node.dataset['id']
  if (place === null || id === undefined) return false
  const boxes = new Map([...place.shown.nodes.values()].map((one) => [one.id, boxOf(one)]))
  const subgraph = place.document.subgraphs.get(place.graph)
  for (const { id: point, pos } of place.shown.reroutes.values())
    boxes.set(pointId(point), { ...pos, width: 0, height: 0 })
  if (subgraph !== undefined) {
    boxes.set(subgraph.entry.id, subgraph.entry.box)
    boxes.set(subgraph.exit.id, subgraph.exit.box)
  }
  const next = nearest(boxes, id, direction)
  if (next !== undefined) app.canvas.get()?.reach(next)
  return true
}

function portNamed(place: Place, port: HTMLElement): PortFrom | null {
  const { nodeid = '', handleid } = port.dataset
  return portAt(place, nodeid, handleid, sideOf(port))
}

function nameOf(place: Place, port: PortFrom, label: string | null): string {
  const node = place.shown.nodes.get(port.end.node)
  const title = node === undefined ? '' : titleOf(place.document, place.definitions, node)
  return title === '' ? (label ?? '') : `${title}: ${label ?? ''}`
}

/** Begins a link at a port, or ends the one that was begun. */
function link(app: App, element: HTMLElement): boolean {
  const place = placeOf(app)
  const port = place && portNamed(place, element)
  if (place === null || port === null) return true
  const begun = app.linking.get()
  const name = nameOf(place, port, element.getAttribute('aria-label'))
  if (begun === null) {
    app.linking.set(port)
    announce(app, say(app, 'said.linking', { name }))
    return true
  }
  const drawn = between(begun, port)
  if (drawn === null || !fits(dragText(begun), port.side, port.type) || !mayLink(place, drawn)) {
    announce(app, say(app, 'link.refused', { type: begun.type }))
    return true
  }
  app.linking.set(null)
  edit(app, say(app, 'edit.connect'), (at) => connectDrawn(at, drawn, () => uuid(app)))
  announce(app, say(app, 'said.linked', { name }))
  return true
}

/** Ends a link that was begun; tells whether there was one. */
function unlinked(app: App): boolean {
  if (app.linking.get() === null) return false
  app.linking.set(null)
  announce(app, say(app, 'said.notLinked'))
  return true
}

/** Takes the links of a port away; at a gate, the port itself. */
function unlink(app: App, element: HTMLElement): boolean {
  const place = placeOf(app)
  const port = place && portNamed(place, element)
  const subgraph = place?.document.subgraphs.get(place.graph)
  if (place === null || port === null) return true
  const { via } = port
  if (via !== undefined) {
    edit(app, say(app, 'command.edit.delete'), (at) => removeReroutes(at, [via]))
    return true
  }
  const { node, slot } = port.end
  const gone = subgraph === undefined ? undefined : borderAt(subgraph, node, slot)
  if (gone !== undefined) {
    edit(app, say(app, 'edit.disconnect'), (at) =>
      gone.entry ? hideInput(at, gone.name) : hideOutput(at, gone.name),
    )
    announce(app, say(app, 'said.hidden', { name: gone.name }))
    return true
  }
  const found = place.shown.nodes.get(node)
  const links =
    port.side === 'output'
      ? (found?.outputs[slot]?.links ?? [])
      : [found?.inputs[slot]?.link].flatMap((id) => id ?? [])
  if (links.length === 0 || portOf(element.dataset['handleid'])?.side === 'field') return true
  edit(app, say(app, 'edit.disconnect'), (at) => disconnect(at, links))
  announce(app, say(app, 'said.unlinked', { n: links.length }))
  return true
}

function borderAt(
  subgraph: NonNullable<ReturnType<Place['document']['subgraphs']['get']>>,
  node: string,
  slot: number,
): { readonly entry: boolean; readonly name: string } | undefined {
  const entry = node === subgraph.entry.id
  if (!entry && node !== subgraph.exit.id) return undefined
  const name = (entry ? subgraph.inputs : subgraph.outputs)[slot]?.name
  return name === undefined ? undefined : { entry, name }
}
