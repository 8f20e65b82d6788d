/** The whole window. */

import { type DragEvent, useEffect } from 'react'
import type { App as State } from '../state/app'
import { openFiles } from '../state/opening'
import { Canvas } from './canvas/Canvas'
import { listenToKeys } from './commands/keyboard'
import { Dialogs } from './dialogs/table'
import { Side } from './frame/Side'
import { StatusBar } from './frame/StatusBar'
import { Toasts } from './frame/Toasts'
import { TopBar } from './frame/TopBar'
import { AppContext, useApp, useStore, useT } from './use'

export function App({ app }: { readonly app: State }) {
  useEffect(() => listenToKeys(app, window), [app])
  function onDrop(event: DragEvent): void {
    if (event.dataTransfer.files.length === 0) return
    event.preventDefault()
    void openFiles(app, event.dataTransfer.files)
  }
  return (
    <AppContext value={app}>
      {/* biome-ignore lint/a11y/noStaticElementInteractions: by keyboard, a file is opened by the command */}
      <div className="app" onDragOver={(event) => event.preventDefault()} onDrop={onDrop}>
        <TopBar />
        <Side />
        <main className="main">
          <Lost />
          <Canvas />
        </main>
        <StatusBar />
      </div>
      <Toasts />
      <Dialogs />
    </AppContext>
  )
}

function Lost() {
  const t = useT()
  const connection = useStore(useApp().connection)
  if (connection !== 'waiting') return null
  return (
    <p className="banner" role="alert">
      {t('banner.lost')}
    </p>
  )
}
