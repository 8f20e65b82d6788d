/** Commands of the canvas: copying, arranging, groups, subgraphs, looking around. Rows of the one table. */

import { align, autoLayout, distribute, type Edge, ofSameTypes, snap } from '../../core/commands/arrange'
import { disconnect } from '../../core/commands/links'
import {
  boxAround,
  boxOf,
  changeGroup,
  createGroup,
  nodesInGroup,
  setGroupMode,
} from '../../core/commands/nodes'
import { toSubgraph, unpack } from '../../core/commands/subgraphs'
import { MARKDOWN_NOTE, NOTE } from '../../core/definitions'
import { MODE } from '../../core/document'
import { type App, say } from '../../state/app'
import { edit, placeOf, select, selectNodes } from '../../state/editing'
import { activeTab, NOTHING_SELECTED } from '../../state/tabs'
import { addAt, addHere } from '../adding'
import { groupId } from '../canvas/kinds'
import { copy, cut, duplicateChosen, pasteHere } from '../clipboard'
import { jumpTo, lookInto, lookOut, travel } from '../jumping'
import { rerouteLink } from '../rerouting'
import { change, chosen, hasGroup, hasMany, hasNodes } from './chosen'
import type { Command } from './command'
import { uuid } from './uuid'

/** Returns the one instance of a subgraph that is chosen; null for anything else. */
function chosenInstance(app: App): string | null {
  const place = placeOf(app)
  const [id, ...others] = place?.tab.selection.nodes ?? []
  if (place === null || id === undefined || others.length > 0) return null
  const type = place.shown.nodes.get(id)?.type ?? ''
  return place.document.subgraphs.has(type) ? id : null
}

function group(app: App): void {
  let made = ''
  edit(app, say(app, 'command.edit.group'), (place) => {
    const ops = createGroup(
      place,
      place.tab.selection.nodes,
      say(app, 'group.title'),
      app.canvas.get()?.boxOf,
    )
    const [op] = ops
    if (op?.op === 'group') made = op.id
    return ops
  })
  if (made === '') return
  select(app, { ...NOTHING_SELECTED, groups: new Set([made]) })
  app.renaming.set(groupId(made))
}

function makeSubgraph(app: App): void {
  let instance = ''
  edit(app, say(app, 'command.subgraph.make'), (place) => {
    const made = toSubgraph(place, place.tab.selection.nodes, say(app, 'subgraph.title'), () => uuid(app))
    instance = made.instance
    return made.ops
  })
  if (instance !== '') selectNodes(app, [instance])
}

function rename(app: App): void {
  const { nodes, groups } = chosen(app)
  const [node] = nodes
  const [frame] = groups
  if (node !== undefined) app.renaming.set(node)
  else if (frame !== undefined) app.renaming.set(groupId(frame))
}

/** Does something with each chosen group, as one step. */
function eachGroup(
  app: App,
  label: Command['title'],
  make: (place: NonNullable<ReturnType<typeof placeOf>>, id: string) => ReturnType<typeof setGroupMode>,
): void {
  edit(app, say(app, label), (place) => [...place.tab.selection.groups].flatMap((id) => make(place, id)))
}

function fitGroup(app: App): void {
  eachGroup(app, 'command.group.fit', (place, id) => {
    const found = place.shown.groups.get(id)
    const nodes = found === undefined ? [] : nodesInGroup(place, found)
    const around = boxAround(
      nodes.flatMap((node) => place.shown.nodes.get(node) ?? []).map(app.canvas.get()?.boxOf ?? boxOf),
    )
    if (around === undefined) return []
    const { x, y, width, height } = around
    return changeGroup(place, id, { box: { x: x - 10, y: y - 44, width: width + 20, height: height + 54 } })
  })
}

const alignment = (edge: Edge, keys: readonly string[]): Command => ({
  id: `arrange.${edge}`,
  title: `command.arrange.${edge}`,
  group: 'arrange',
  keys,
  enabled: hasMany(2),
  run: (app) => change(app, `command.arrange.${edge}`, (place, ids) => align(place, ids, edge)),
})

const spread = (direction: 'across' | 'down'): Command => ({
  id: `arrange.${direction}`,
  title: `command.arrange.${direction}`,
  group: 'arrange',
  keys: [],
  enabled: hasMany(3),
  run: (app) =>
    change(app, `command.arrange.${direction}`, (place, ids) => distribute(place, ids, direction)),
})

const panning = (title: Command['title'], key: string, x: number, y: number): Command => ({
  id: `view.pan${key}`,
  title,
  group: 'view',
  keys: [key],
  // Elsewhere the arrows belong to what has the keyboard.
  enabled: () => document.activeElement === document.body || document.activeElement === null,
  run: (app) => app.canvas.get()?.pan(x * PAN, y * PAN),
})

/** Pixels that an arrow key moves the view by. */
const PAN = 80

const inside = (app: App): boolean => (activeTab(app.tabs.get())?.path.length ?? 0) > 0

export const CANVAS_COMMANDS: readonly Command[] = [
  {
    id: 'edit.copy',
    title: 'command.edit.copy',
    group: 'edit',
    keys: ['Mod+c'],
    native: true,
    enabled: (app) => hasNodes(app) || hasGroup(app),
    run: (app) => void copy(app),
  },
  {
    id: 'edit.cut',
    title: 'command.edit.cut',
    group: 'edit',
    keys: ['Mod+x'],
    native: true,
    enabled: (app) => hasNodes(app) || hasGroup(app),
    run: cut,
  },
  {
    id: 'edit.paste',
    title: 'command.edit.paste',
    group: 'edit',
    keys: ['Mod+v'],
    native: true,
    run: (app) => pasteHere(app),
  },
  {
    id: 'edit.pasteLinked',
    title: 'command.edit.pasteLinked',
    group: 'edit',
    keys: ['Mod+Shift+v'],
    native: true,
    run: (app) => pasteHere(app, true),
  },
  {
    id: 'edit.duplicate',
    title: 'command.edit.duplicate',
    group: 'edit',
    keys: ['Mod+d'],
    enabled: hasNodes,
    run: (app) => duplicateChosen(app),
  },
  {
    id: 'edit.selectSame',
    title: 'command.edit.selectSame',
    group: 'edit',
    keys: [],
    enabled: hasNodes,
    run: (app) => {
      const place = placeOf(app)
      if (place !== null) selectNodes(app, ofSameTypes(place, place.tab.selection.nodes))
    },
  },
  {
    id: 'edit.rename',
    title: 'command.edit.rename',
    group: 'edit',
    keys: ['F2'],
    enabled: (app) => hasNodes(app) || hasGroup(app),
    run: rename,
  },
  {
    id: 'edit.disconnect',
    title: 'command.edit.disconnect',
    group: 'edit',
    keys: [],
    enabled: hasNodes,
    run: (app) =>
      change(app, 'command.edit.disconnect', (place, ids) => {
        const held = new Set(ids)
        const links = [...place.shown.links.values()].filter(
          (one) => held.has(one.origin) !== held.has(one.target),
        )
        return disconnect(
          place,
          links.map((one) => one.id),
        )
      }),
  },
  {
    id: 'edit.note',
    title: 'command.edit.note',
    group: 'edit',
    keys: [],
    run: (app) => addNote(app, NOTE),
  },
  {
    id: 'edit.markdown',
    title: 'command.edit.markdown',
    group: 'edit',
    keys: [],
    run: (app) => addNote(app, MARKDOWN_NOTE),
  },
  {
    id: 'link.reroute',
    title: 'command.link.reroute',
    group: 'edit',
    keys: [],
    enabled: (app) => chosen(app).links.size > 0,
    run: (app) => {
      const [link] = chosen(app).links
      if (link !== undefined) rerouteLink(app, link, app.menu.get()?.at)
    },
  },
  {
    id: 'edit.group',
    title: 'command.edit.group',
    group: 'group',
    keys: ['Mod+g'],
    enabled: hasNodes,
    run: group,
  },
  {
    id: 'group.select',
    title: 'command.group.select',
    group: 'group',
    keys: [],
    enabled: hasGroup,
    run: (app) => {
      const place = placeOf(app)
      const groups = [...(place?.tab.selection.groups ?? [])].flatMap(
        (id) => place?.shown.groups.get(id) ?? [],
      )
      if (place !== null) selectNodes(app, new Set(groups.flatMap((one) => nodesInGroup(place, one))))
    },
  },
  {
    id: 'group.fit',
    title: 'command.group.fit',
    group: 'group',
    keys: [],
    enabled: hasGroup,
    run: fitGroup,
  },
  ...(['muted', 'bypassed', 'always'] as const).map(
    (mode): Command => ({
      id: `group.${mode}`,
      title: `command.group.${mode}`,
      group: 'group',
      keys: [],
      enabled: hasGroup,
      run: (app) =>
        eachGroup(app, `command.group.${mode}`, (place, id) => setGroupMode(place, id, MODE[mode])),
    }),
  ),
  {
    id: 'group.pin',
    title: 'command.group.pin',
    group: 'group',
    keys: [],
    enabled: hasGroup,
    run: (app) =>
      eachGroup(app, 'command.group.pin', (place, id) =>
        changeGroup(place, id, { pinned: place.shown.groups.get(id)?.pinned !== true }),
      ),
  },
  {
    id: 'subgraph.make',
    title: 'command.subgraph.make',
    group: 'group',
    keys: ['Mod+Shift+e'],
    enabled: hasNodes,
    run: makeSubgraph,
  },
  {
    id: 'subgraph.enter',
    title: 'command.subgraph.enter',
    group: 'group',
    keys: ['Mod+ArrowDown'],
    enabled: (app) => chosenInstance(app) !== null,
    run: (app) => {
      const id = chosenInstance(app)
      if (id !== null) lookInto(app, id)
    },
  },
  {
    id: 'subgraph.leave',
    title: 'command.subgraph.leave',
    group: 'group',
    keys: ['Escape', 'Mod+ArrowUp'],
    enabled: inside,
    run: (app) => lookOut(app),
  },
  {
    id: 'subgraph.unpack',
    title: 'command.subgraph.unpack',
    group: 'group',
    keys: [],
    enabled: (app) => chosenInstance(app) !== null,
    run: (app) => {
      const id = chosenInstance(app)
      if (id !== null) edit(app, say(app, 'command.subgraph.unpack'), (place) => unpack(place, id))
    },
  },
  {
    id: 'subgraph.rename',
    title: 'command.subgraph.rename',
    group: 'group',
    keys: [],
    enabled: inside,
    run: (app) => app.renaming.set('graph'),
  },
  {
    id: 'arrange.layout',
    title: 'command.arrange.layout',
    group: 'arrange',
    keys: ['Alt+l'],
    run: (app) => change(app, 'command.arrange.layout', (place, ids) => autoLayout(place, ids)),
  },
  alignment('left', ['Alt+Shift+ArrowLeft']),
  alignment('centre', []),
  alignment('right', ['Alt+Shift+ArrowRight']),
  alignment('top', ['Alt+Shift+ArrowUp']),
  alignment('middle', []),
  alignment('bottom', ['Alt+Shift+ArrowDown']),
  spread('across'),
  spread('down'),
  {
    id: 'arrange.snap',
    title: 'command.arrange.snap',
    group: 'arrange',
    keys: [],
    enabled: hasNodes,
    run: (app) => change(app, 'command.arrange.snap', (place, ids) => snap(place, ids, 10)),
  },
  {
    id: 'view.fitChosen',
    title: 'command.view.fitChosen',
    group: 'view',
    keys: ['f'],
    enabled: hasNodes,
    run: (app) => jumpTo(app, [...chosen(app).nodes]),
  },
  {
    id: 'view.back',
    title: 'command.view.back',
    group: 'view',
    keys: ['Alt+ArrowLeft'],
    enabled: (app) => app.jumps.get().past.length > 0,
    run: (app) => travel(app, -1),
  },
  {
    id: 'view.forward',
    title: 'command.view.forward',
    group: 'view',
    keys: ['Alt+ArrowRight'],
    enabled: (app) => app.jumps.get().future.length > 0,
    run: (app) => travel(app, 1),
  },
  {
    id: 'view.keyboard',
    title: 'command.view.keyboard',
    group: 'view',
    keys: ['g'],
    enabled: (app) => (placeOf(app)?.shown.nodes.size ?? 0) > 0,
    run: (app) => {
      const [first] = [...chosen(app).nodes, ...(placeOf(app)?.shown.nodes.keys() ?? [])]
      if (first !== undefined) app.canvas.get()?.reach(first)
    },
  },
  {
    id: 'view.minimap',
    title: 'command.view.minimap',
    group: 'view',
    keys: ['Alt+m'],
    run: (app) => app.settings.update((old) => ({ ...old, minimap: !old.minimap })),
  },
  panning('command.view.panLeft', 'ArrowLeft', 1, 0),
  panning('command.view.panRight', 'ArrowRight', -1, 0),
  panning('command.view.panUp', 'ArrowUp', 0, 1),
  panning('command.view.panDown', 'ArrowDown', 0, -1),
]

function addNote(app: App, type: string): void {
  const at = app.menu.get()?.at
  if (at === undefined) addHere(app, type)
  else addAt(app, type, at)
}
