/** Files dropped on nodes, or pasted while one is chosen. */

import { type App, say } from '../state/app'
import { placeOf } from '../state/editing'
import { uploadField, uploadInto } from '../state/uploading'
import { addHere } from './adding'

/** What a picture is loaded by that is pasted while nothing is chosen that takes it. */
const LOADER = 'LoadImage'

/** Takes in a file that is dropped on a node which has a field for it; tells whether it was. */
export function droppedOnNode(app: App, target: EventTarget, files: FileList): boolean {
  const node = target instanceof Element ? target.closest('.react-flow__node') : null
  const [id, file] = [node?.getAttribute('data-id'), files[0]]
  return id != null && file !== undefined && uploadInto(app, id, file)
}

/** Listens for pictures that are pasted, until the returned function is called. */
export function listenToPictures(app: App, target: Window): () => void {
  function onPaste(event: ClipboardEvent): void {
    const file = [...(event.clipboardData?.files ?? [])].find((one) => one.type.startsWith('image/'))
    const place = placeOf(app)
    if (file === undefined || place === null || app.dialog.get() !== null) return
    event.preventDefault()
    const chosen = [...place.tab.selection.nodes].find((id) => {
      const node = place.shown.nodes.get(id)
      return node !== undefined && uploadField(app, node) !== undefined
    })
    if (chosen !== undefined) {
      uploadInto(app, chosen, file)
      return
    }
    addHere(app, LOADER)
    const [added] = placeOf(app)?.tab.selection.nodes ?? []
    if (added !== undefined)
      uploadInto(app, added, new File([file], pastedName(app, file), { type: file.type }))
  }
  target.addEventListener('paste', onPaste)
  return () => target.removeEventListener('paste', onPaste)
}

function pastedName(app: App, file: File): string {
  return file.name === '' ? `${say(app, 'widget.upload.pasted')}.png` : file.name
}
