/** Adding nodes, from wherever a person asks for one. */

import { addNode } from '../core/commands/create'
import { freeBelow } from '../core/commands/free'
import { boxOf, setValue } from '../core/commands/nodes'
import type { Definitions, NodeDefinition } from '../core/definitions'
import type { Point } from '../core/document'
import { loaderOf } from '../core/models'
import { type App, type PortFrom, say, toast } from '../state/app'
import { edit, placeOf, selectNodes } from '../state/editing'
import { bestPort, between, connectDrawn, mayLink } from './canvas/ports'
import { uuid } from './commands/uuid'
import { announce } from './jumping'

/** Adds a node of a type and chooses it. */
export function addAt(app: App, type: string, at: Point): void {
  addLinked(app, type, at)
}

/** Adds a node, links it to the port that its search was begun at, and gives it the keyboard. */
export function addLinked(app: App, type: string, at: Point, from?: PortFrom): void {
  const title = app.definitions.get().get(type)?.title ?? subgraphTypes(app).get(type)?.title
  if (title === undefined) return
  let added = ''
  const merge = `add:${app.newId()}`
  edit(
    app,
    title,
    (place) => {
      const { ops, node } = addNode(place, type, { x: Math.round(at.x), y: Math.round(at.y) })
      added = node.id
      return ops
    },
    merge,
  )
  if (from !== undefined) {
    edit(
      app,
      title,
      (place) => {
        const port = bestPort(place, from, added)
        const drawn = port === null ? null : between(from, port)
        if (drawn === null || !mayLink(place, drawn)) return []
        return connectDrawn(place, drawn, () => uuid(app))
      },
      merge,
    )
  }
  announce(app, say(app, 'said.added', { title }))
  app.canvas.get()?.reach(added, true)
}

/** The subgraphs of the open workflow, as types of nodes that can be added. */
export function subgraphTypes(app: App): Definitions {
  const place = placeOf(app)
  const found = [...(place?.document.subgraphs.values() ?? [])].filter((one) => one.id !== place?.graph)
  return new Map(
    found.map(({ id, name, inputs, outputs }): [string, NodeDefinition] => [
      id,
      {
        type: id,
        title: name || id,
        category: say(app, 'subgraph.title'),
        description: '',
        inputs: inputs.map((one) => ({
          name: one.name,
          label: one.label ?? one.name,
          type: one.type,
          required: false,
          widget: null,
          initial: undefined,
          tooltip: '',
          lazy: false,
          advanced: false,
        })),
        outputs: outputs.map((one) => ({ name: one.name, type: one.type, isList: false, tooltip: '' })),
        isOutput: false,
        deprecated: false,
        experimental: false,
        aliases: [],
        pack: 'editor',
      },
    ]),
  )
}

/** Adds it in the middle of what is seen, or below what lies there. */
export function addHere(app: App, type: string): void {
  addAt(app, type, freeMiddle(app))
}

/** About as much as a new node takes. */
const ROOM = { width: 280, height: 160 }

function freeMiddle(app: App): Point {
  const { x, y } = app.canvas.get()?.middle() ?? { x: 0, y: 0 }
  const wanted = { x: x - ROOM.width / 2, y: y - 60, ...ROOM }
  return freeBelow(wanted, [...(placeOf(app)?.shown.nodes.values() ?? [])].map(boxOf))
}

/** Adds the node that loads a model, with the model in it: at a point, or in the middle of what is seen. */
export function addModel(app: App, folder: string, name: string, at?: Point): void {
  const loader = loaderOf(app.definitions.get(), folder, name)
  if (loader === undefined) {
    toast(app, 'info', say(app, 'models.noLoader', { folder }))
    return
  }
  const { x, y } = at ?? freeMiddle(app)
  let added = ''
  const merge = `model:${app.newId()}`
  edit(
    app,
    name,
    (place) => {
      const { ops, node } = addNode(place, loader.type, { x: Math.round(x), y: Math.round(y) })
      added = node.id
      return ops
    },
    merge,
  )
  edit(app, name, (place) => setValue(place, added, { name: loader.field, holder: null }, name), merge)
  selectNodes(app, [added])
  if (at === undefined) app.canvas.get()?.reach(added, true)
}
