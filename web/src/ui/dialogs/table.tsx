/** Which component shows which dialog: a new one is a row here, a file beside, and an entry of `Dialog` in the state. */

import type { ComponentType } from 'react'
import type { Dialog } from '../../state/app'
import { useApp, useStore } from '../use'
import { ConfirmDialog } from './ConfirmDialog'
import { HelpDialog } from './HelpDialog'
import { PaletteDialog } from './PaletteDialog'
import { PictureDialog } from './PictureDialog'
import { SearchDialog } from './SearchDialog'
import { SettingsDialog } from './SettingsDialog'

export type DialogProps<K extends Dialog['id'] = Dialog['id']> = {
  readonly dialog: Extract<Dialog, { readonly id: K }>
  readonly close: () => void
}

const DIALOGS: { readonly [K in Dialog['id']]: ComponentType<DialogProps<K>> } = {
  palette: PaletteDialog as ComponentType<DialogProps<'palette'>>,
  help: HelpDialog as ComponentType<DialogProps<'help'>>,
  settings: SettingsDialog as ComponentType<DialogProps<'settings'>>,
  search: SearchDialog,
  picture: PictureDialog,
  confirm: ConfirmDialog,
}

export function Dialogs() {
  const app = useApp()
  const dialog = useStore(app.dialog)
  if (dialog === null) return null
  const Shown = DIALOGS[dialog.id] as ComponentType<DialogProps>
  return (
    <Shown
      key={dialog.id}
      dialog={dialog}
      close={() => app.dialog.update((now) => (now === dialog ? null : now))}
    />
  )
}
