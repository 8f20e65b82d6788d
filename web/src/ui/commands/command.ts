/** What a command is: something that the editor can be told to do. */

import type { MessageKey } from '../../i18n'
import type { App } from '../../state/app'

export type GroupId = 'file' | 'edit' | 'group' | 'arrange' | 'run' | 'view' | 'help'

export interface Command {
  readonly id: string
  readonly title: MessageKey
  readonly group: GroupId
  /** `Mod` is Ctrl, or Cmd on a Mac. Several mean the same. */
  readonly keys: readonly string[]
  /** Whether the keys also work while text is typed. */
  readonly inFields?: boolean
  /** Whether the browser itself hears the keys, and tells the page by another event (`clipboard.ts`). */
  readonly native?: boolean
  readonly enabled?: (app: App) => boolean
  /** Why it can't be done with what is chosen; menus show it so, and who tries is told. */
  readonly whyNot?: (app: App) => MessageKey | null
  readonly run: (app: App) => void | Promise<void>
}
