/** Commands of files, panels and ways to look at a workflow; part of the one table. */

import { save, saveAs } from '../../state/saving'
import { activeTab } from '../../state/tabs'
import { exportPrompt, saveCopy } from '../files'
import { togglePanel } from '../panels/toggle'
import type { Command } from './command'

export const LIBRARY_COMMANDS: readonly Command[] = [
  {
    id: 'file.save',
    title: 'command.file.save',
    group: 'file',
    keys: ['Mod+s'],
    inFields: true,
    run: save,
  },
  {
    id: 'file.saveAs',
    title: 'command.file.saveAs',
    group: 'file',
    keys: ['Mod+Shift+s'],
    inFields: true,
    run: saveAs,
  },
  {
    id: 'file.copy',
    title: 'command.file.copy',
    group: 'file',
    keys: ['Mod+Alt+s'],
    inFields: true,
    run: saveCopy,
  },
  { id: 'file.export', title: 'command.file.export', group: 'file', keys: [], run: exportPrompt },
  {
    id: 'run.grid',
    title: 'command.run.grid',
    group: 'run',
    keys: ['Alt+b'],
    enabled: (app) => (activeTab(app.tabs.get())?.edited.document.root.nodes.size ?? 0) > 0,
    run: (app) => app.dialog.set({ id: 'grid' }),
  },
  {
    id: 'view.form',
    title: 'command.view.form',
    group: 'view',
    keys: ['v'],
    run: (app) => app.face.update((face) => (face === 'form' ? 'graph' : 'form')),
  },
  {
    id: 'view.exposing',
    title: 'command.view.exposing',
    group: 'view',
    keys: ['Alt+f'],
    run: (app) => app.dialog.set({ id: 'exposing' }),
  },
  {
    id: 'view.workflows',
    title: 'command.view.panel.workflows',
    group: 'view',
    keys: ['w'],
    run: (app) => togglePanel(app, 'workflows'),
  },
  {
    id: 'view.models',
    title: 'command.view.panel.models',
    group: 'view',
    keys: ['m'],
    run: (app) => togglePanel(app, 'models'),
  },
  {
    id: 'view.gallery',
    title: 'command.view.panel.gallery',
    group: 'view',
    keys: ['i'],
    run: (app) => togglePanel(app, 'gallery'),
  },
]
