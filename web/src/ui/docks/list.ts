/** What can be open below the canvas, in the order of its tabs: a new one is a row here, and one in `table.ts`. */

import type { MessageKey } from '../../i18n'
import type { App } from '../../state/app'

export type DockId = 'timeline' | 'memory' | 'log'

export interface DockRow {
  readonly id: DockId
  readonly title: MessageKey
  readonly command: MessageKey
  readonly keys: readonly string[]
}

export const DOCKS: readonly DockRow[] = [
  { id: 'timeline', title: 'dock.timeline', command: 'command.view.timeline', keys: ['Alt+1'] },
  { id: 'memory', title: 'dock.memory', command: 'command.view.memory', keys: ['Alt+2'] },
  { id: 'log', title: 'dock.log', command: 'command.view.log', keys: ['Alt+3'] },
]

/** Opens something below the canvas, or closes it where it is open. */
export function toggleDock(app: App, id: DockId): void {
  app.settings.update((old) => ({ ...old, dock: old.dock === id ? null : id }))
}
