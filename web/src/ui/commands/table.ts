/** Everything that the editor can be told to do. Keys, menus, the palette and the help all read this table. */

import { disconnect, removeNodes } from '../../core/commands/links'
import { changeGroup, toggleCollapsed, toggleMode, togglePinned } from '../../core/commands/nodes'
import { removeReroutes } from '../../core/commands/reroutes'
import { EMPTY_DOCUMENT } from '../../core/document'
import { type App, attempt, confirm, say, toast } from '../../state/app'
import { edit, openDocument, placeOf, select } from '../../state/editing'
import { unfinished } from '../../state/jobs'
import { chosenTarget, openMask } from '../../state/masking'
import { freeMemory } from '../../state/memory'
import { readNodes } from '../../state/opening'
import { mendAll, problemsIn } from '../../state/problems'
import { cancel, cancelAll, chosenIds, run, whyNotOnly } from '../../state/running'
import { activeTab, isDirty, NOTHING_SELECTED, withNeighbour, withoutTab } from '../../state/tabs'
import { DOCKS, toggleDock } from '../docks/list'
import { chooseFiles } from '../files'
import { jumpTo } from '../jumping'
import { togglePanel } from '../panels/toggle'
import { redo, undo } from '../undoing'
import { CANVAS_COMMANDS } from './canvas'
import { change, chosen, hasAny, hasNodes } from './chosen'
import type { Command, GroupId } from './command'
import { LIBRARY_COMMANDS } from './library'

/** In the order in which menus show them. */
export const GROUPS: readonly GroupId[] = ['file', 'run', 'edit', 'group', 'arrange', 'view', 'help']

/** Removes what is chosen, as one step; what nodes would have passed on stays linked. */
function removeChosen(app: App): void {
  const label = say(app, 'command.edit.delete')
  const merge = `delete:${app.newId()}`
  const { nodes, groups, reroutes } = chosen(app)
  edit(app, label, (place) => disconnect(place, place.tab.selection.links), merge)
  edit(app, label, (place) => removeReroutes(place, reroutes), merge)
  edit(app, label, (place) => removeNodes(place, nodes), merge)
  edit(app, label, (place) => [...groups].flatMap((id) => changeGroup(place, id, null)), merge)
}

export async function closeTab(app: App, id: string): Promise<void> {
  const tab = app.tabs.get().open.find((one) => one.id === id)
  if (tab === undefined) return
  const name = tab.name ?? say(app, 'tabs.untitled')
  const sure =
    !isDirty(tab) ||
    (await confirm(
      app,
      say(app, 'confirm.close.title'),
      say(app, 'confirm.close.text', { name }),
      say(app, 'confirm.close.do'),
    ))
  if (!sure) return
  app.tabs.update((tabs) => withoutTab(tabs, id))
  if (app.tabs.get().open.length === 0) openDocument(app, null, EMPTY_DOCUMENT)
}

export const COMMANDS: readonly Command[] = [
  {
    id: 'run.queue',
    title: 'command.run.queue',
    group: 'run',
    keys: ['Mod+Enter', 'q'],
    inFields: true,
    run: (app) => run(app, { count: app.times.get() }),
  },
  {
    id: 'run.front',
    title: 'command.run.front',
    group: 'run',
    keys: ['Mod+Shift+Enter'],
    inFields: true,
    run: (app) => run(app, { front: true, count: app.times.get() }),
  },
  {
    id: 'run.only',
    title: 'command.run.only',
    group: 'run',
    keys: ['Alt+Enter'],
    inFields: true,
    enabled: hasNodes,
    whyNot: whyNotOnly,
    run: (app) => run(app, { only: chosenIds(app) }),
  },
  {
    id: 'run.cancel',
    title: 'command.run.cancel',
    group: 'run',
    keys: ['Mod+Alt+Enter'],
    inFields: true,
    enabled: (app) => unfinished(app.jobs.get()).length > 0,
    run: cancel,
  },
  {
    id: 'run.cancelAll',
    title: 'command.run.cancelAll',
    group: 'run',
    keys: ['Mod+Alt+Shift+Enter'],
    inFields: true,
    enabled: (app) => unfinished(app.jobs.get()).length > 0,
    run: cancelAll,
  },
  {
    id: 'run.mend',
    title: 'command.run.mend',
    group: 'run',
    keys: ['Alt+e'],
    enabled: (app) =>
      problemsIn(app.run.problems.all(), app.tabs.get().active).some(
        ({ problem }) => problem.fix !== undefined,
      ),
    run: (app) => mendAll(app, app.tabs.get().active),
  },
  {
    id: 'run.free',
    title: 'command.run.free',
    group: 'run',
    keys: [],
    run: (app) => freeMemory(app, false),
  },
  {
    id: 'file.new',
    title: 'command.file.new',
    group: 'file',
    keys: ['Alt+n'],
    run: (app) => openDocument(app, null, EMPTY_DOCUMENT),
  },
  {
    id: 'file.open',
    title: 'command.file.open',
    group: 'file',
    keys: ['Mod+o'],
    inFields: true,
    run: chooseFiles,
  },
  {
    id: 'file.close',
    title: 'command.file.close',
    group: 'file',
    keys: ['Alt+w'],
    run: (app) => closeTab(app, app.tabs.get().active),
  },
  {
    id: 'file.next',
    title: 'command.file.next',
    group: 'file',
    keys: ['Alt+PageDown'],
    run: (app) => app.tabs.update((tabs) => withNeighbour(tabs, 1)),
  },
  {
    id: 'file.previous',
    title: 'command.file.previous',
    group: 'file',
    keys: ['Alt+PageUp'],
    run: (app) => app.tabs.update((tabs) => withNeighbour(tabs, -1)),
  },
  {
    id: 'edit.undo',
    title: 'command.edit.undo',
    group: 'edit',
    keys: ['Mod+z'],
    inFields: true,
    enabled: (app) => (activeTab(app.tabs.get())?.edited.history.past.length ?? 0) > 0,
    run: undo,
  },
  {
    id: 'edit.redo',
    title: 'command.edit.redo',
    group: 'edit',
    keys: ['Mod+Shift+z', 'Mod+y'],
    inFields: true,
    enabled: (app) => (activeTab(app.tabs.get())?.edited.history.future.length ?? 0) > 0,
    run: redo,
  },
  {
    id: 'edit.add',
    title: 'command.edit.add',
    group: 'edit',
    keys: ['a'],
    run: (app) => app.dialog.set({ id: 'search', at: app.canvas.get()?.middle() ?? { x: 0, y: 0 } }),
  },
  {
    id: 'edit.delete',
    title: 'command.edit.delete',
    group: 'edit',
    keys: ['Delete', 'Backspace'],
    enabled: hasAny,
    run: removeChosen,
  },
  {
    id: 'edit.selectAll',
    title: 'command.edit.selectAll',
    group: 'edit',
    keys: ['Mod+a'],
    run: (app) => {
      const shown = placeOf(app)?.shown
      if (shown === undefined) return
      const [nodes, groups] = [new Set(shown.nodes.keys()), new Set(shown.groups.keys())]
      select(app, { ...NOTHING_SELECTED, nodes, groups, reroutes: new Set(shown.reroutes.keys()) })
    },
  },
  {
    id: 'edit.selectNone',
    title: 'command.edit.selectNone',
    group: 'edit',
    keys: ['Mod+Shift+a'],
    enabled: hasAny,
    run: (app) => select(app, NOTHING_SELECTED),
  },
  {
    id: 'edit.mute',
    title: 'command.edit.mute',
    group: 'edit',
    keys: ['Mod+m'],
    enabled: hasNodes,
    run: (app) => change(app, 'command.edit.mute', (place, ids) => toggleMode(place, ids, 'muted')),
  },
  {
    id: 'edit.bypass',
    title: 'command.edit.bypass',
    group: 'edit',
    keys: ['Mod+b'],
    enabled: hasNodes,
    run: (app) => change(app, 'command.edit.bypass', (place, ids) => toggleMode(place, ids, 'bypassed')),
  },
  {
    id: 'edit.collapse',
    title: 'command.edit.collapse',
    group: 'edit',
    keys: ['Alt+c'],
    enabled: hasNodes,
    run: (app) => change(app, 'command.edit.collapse', toggleCollapsed),
  },
  {
    id: 'edit.pin',
    title: 'command.edit.pin',
    group: 'edit',
    keys: ['p'],
    enabled: hasNodes,
    run: (app) => change(app, 'command.edit.pin', togglePinned),
  },
  {
    id: 'edit.mask',
    title: 'command.edit.mask',
    group: 'edit',
    keys: ['Alt+p'],
    enabled: (app) => chosenTarget(app) !== null,
    run: (app) => openMask(app, chosenTarget(app)),
  },
  {
    id: 'view.fit',
    title: 'command.view.fit',
    group: 'view',
    keys: ['.'],
    run: (app) => jumpTo(app),
  },
  {
    id: 'view.zoomIn',
    title: 'command.view.zoomIn',
    group: 'view',
    keys: ['Alt+=', 'Alt++'],
    run: (app) => app.canvas.get()?.zoom(1.25),
  },
  {
    id: 'view.zoomOut',
    title: 'command.view.zoomOut',
    group: 'view',
    keys: ['Alt+-'],
    run: (app) => app.canvas.get()?.zoom(0.8),
  },
  {
    id: 'view.zoomReset',
    title: 'command.view.zoomReset',
    group: 'view',
    keys: ['Alt+0'],
    run: (app) => app.canvas.get()?.zoomTo(1),
  },
  {
    id: 'view.refresh',
    title: 'command.view.refresh',
    group: 'view',
    keys: ['r'],
    run: (app) =>
      attempt(app, say(app, 'error.server'), async () => {
        await readNodes(app)
        toast(app, 'good', say(app, 'view.refreshed'))
      }),
  },
  {
    id: 'view.nodes',
    title: 'command.view.panel.nodes',
    group: 'view',
    keys: ['n'],
    run: (app) => togglePanel(app, 'nodes'),
  },
  {
    id: 'view.queue',
    title: 'command.view.panel.queue',
    group: 'view',
    keys: ['Alt+q'],
    run: (app) => togglePanel(app, 'queue'),
  },
  {
    id: 'view.templates',
    title: 'command.view.panel.templates',
    group: 'view',
    keys: ['t'],
    run: (app) => togglePanel(app, 'templates'),
  },
  {
    id: 'view.problems',
    title: 'command.view.panel.problems',
    group: 'view',
    keys: ['e'],
    run: (app) => togglePanel(app, 'problems'),
  },
  ...DOCKS.map(
    (dock): Command => ({
      id: `view.${dock.id}`,
      title: dock.command,
      group: 'view',
      keys: dock.keys,
      run: (app) => toggleDock(app, dock.id),
    }),
  ),
  {
    id: 'view.theme',
    title: 'command.view.theme',
    group: 'view',
    keys: ['Alt+t'],
    run: (app) =>
      app.settings.update((old) => ({
        ...old,
        theme: document.documentElement.dataset['theme'] === 'dark' ? 'light' : 'dark',
      })),
  },
  {
    id: 'view.settings',
    title: 'command.view.settings',
    group: 'view',
    keys: ['Mod+,'],
    run: (app) => app.dialog.set({ id: 'settings' }),
  },
  {
    id: 'view.palette',
    title: 'command.view.palette',
    group: 'view',
    keys: ['Mod+k', 'Mod+Shift+p'],
    inFields: true,
    run: (app) => app.dialog.set({ id: 'palette' }),
  },
  {
    id: 'help.keys',
    title: 'command.help.keys',
    group: 'help',
    keys: ['?'],
    run: (app) => app.dialog.set({ id: 'help' }),
  },
  ...LIBRARY_COMMANDS,
  ...CANVAS_COMMANDS,
]

const BY_ID: ReadonlyMap<string, Command> = new Map(COMMANDS.map((command) => [command.id, command]))

/** Returns a command; raises for a name that is none. */
export function commandOf(id: string): Command {
  const found = BY_ID.get(id)
  if (found === undefined)
    throw new Error(`there is no command ${id}; there are ${[...BY_ID.keys()].join(', ')}`)
  return found
}

/** Does a command, unless there is nothing for it to do. */
export function perform(app: App, command: Command): void {
  if (command.enabled?.(app) === false) return
  const why = command.whyNot?.(app) ?? null
  if (why === null) void command.run(app)
  else toast(app, 'info', say(app, command.title), say(app, why))
}
