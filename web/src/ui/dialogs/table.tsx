/** Which component shows which dialog: a new one is a row here, a file beside, and an entry of `Dialog` in the state. */

import { type ComponentType, lazy, Suspense } from 'react'
import type { Dialog } from '../../state/app'
import { MaskDialog } from '../mask/MaskDialog'
import { useApp, useStore } from '../use'
import { AskDialog } from './AskDialog'
import { ConfirmDialog } from './ConfirmDialog'
import { HelpDialog } from './HelpDialog'
import { PaletteDialog } from './PaletteDialog'
import { PictureDialog } from './PictureDialog'
import type { DialogProps } from './props'
import { SearchDialog } from './SearchDialog'
import { SettingsDialog } from './SettingsDialog'
import { TracebackDialog } from './TracebackDialog'

const CompareDialog = lazy(() => import('./CompareDialog').then((file) => ({ default: file.CompareDialog })))
const ModelDialog = lazy(() => import('./ModelDialog').then((file) => ({ default: file.ModelDialog })))
const ExposingDialog = lazy(() =>
  import('./ExposingDialog').then((file) => ({ default: file.ExposingDialog })),
)
const GridDialog = lazy(() => import('../grid/GridDialog').then((file) => ({ default: file.GridDialog })))

const DIALOGS: { readonly [K in Dialog['id']]: ComponentType<DialogProps<K>> } = {
  ask: AskDialog,
  compare: CompareDialog,
  model: ModelDialog,
  exposing: ExposingDialog as ComponentType<DialogProps<'exposing'>>,
  grid: GridDialog as ComponentType<DialogProps<'grid'>>,
  palette: PaletteDialog as ComponentType<DialogProps<'palette'>>,
  help: HelpDialog as ComponentType<DialogProps<'help'>>,
  settings: SettingsDialog as ComponentType<DialogProps<'settings'>>,
  search: SearchDialog,
  picture: PictureDialog,
  mask: MaskDialog,
  traceback: TracebackDialog,
  confirm: ConfirmDialog,
}

export function Dialogs() {
  const app = useApp()
  const dialog = useStore(app.dialog)
  if (dialog === null) return null
  const Shown = DIALOGS[dialog.id] as ComponentType<DialogProps>
  return (
    <Suspense>
      <Shown
        key={dialog.id}
        dialog={dialog}
        close={() => app.dialog.update((now) => (now === dialog ? null : now))}
      />
    </Suspense>
  )
}
