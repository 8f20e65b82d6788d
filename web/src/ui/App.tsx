/** The whole window. */

import { type DragEvent, lazy, Suspense, useEffect } from 'react'
import type { App as State } from '../state/app'
import { Boundary } from './Boundary'
import { Canvas } from './canvas/Canvas'
import { listenToClipboard } from './clipboard'
import { listenToKeys } from './commands/keyboard'
import { Dialogs } from './dialogs/table'
import { dropped } from './dragging'
import { Dock } from './frame/Dock'
import { Lost } from './frame/Lost'
import { Side } from './frame/Side'
import { StatusBar } from './frame/StatusBar'
import { Toasts } from './frame/Toasts'
import { TopBar } from './frame/TopBar'
import { droppedOnNode, listenToPictures, takeFiles } from './uploading'
import { AppContext, useApp, useStore } from './use'

const FormView = lazy(() => import('./form/FormView').then((file) => ({ default: file.FormView })))

/** The graph, or the form of it. */
function Face() {
  const face = useStore(useApp().face)
  return face === 'graph' ? (
    <Canvas />
  ) : (
    <Suspense>
      <FormView />
    </Suspense>
  )
}

export function App({ app }: { readonly app: State }) {
  useEffect(() => listenToKeys(app, window), [app])
  useEffect(() => listenToPictures(app, window), [app])
  useEffect(() => listenToClipboard(app, window), [app])
  function onDrop(event: DragEvent): void {
    if (dropped(app, event) || event.dataTransfer.files.length === 0) return
    event.preventDefault()
    if (droppedOnNode(app, event.target, event.dataTransfer.files)) return
    const { clientX, clientY } = event
    void takeFiles(app, [...event.dataTransfer.files], app.canvas.get()?.at(clientX, clientY))
  }
  return (
    <AppContext value={app}>
      {/* biome-ignore lint/a11y/noStaticElementInteractions: by keyboard, a file is opened by the command */}
      <div className="app" onDragOver={(event) => event.preventDefault()} onDrop={onDrop}>
        <TopBar />
        <Side />
        <main className="main">
          <Lost />
          <Boundary>
            <Face />
          </Boundary>
        </main>
        <Dock />
        <StatusBar />
      </div>
      <Toasts />
      <Dialogs />
    </AppContext>
  )
}
