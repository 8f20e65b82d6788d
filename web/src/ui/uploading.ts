/** Files that are dropped, on nodes or beside them, and pictures that are pasted. */

import type { Point } from '../core/document'
import { type App, say } from '../state/app'
import { placeOf } from '../state/editing'
import { openFiles } from '../state/opening'
import { uploadField, uploadInto } from '../state/uploading'
import { addAt, addHere } from './adding'

/** What a picture is loaded by that is pasted or dropped where nothing takes it. */
const LOADER = 'LoadImage'

/** What it can load: drawings in SVG are no pixels. */
const PICTURES = /^image\/(?!svg)/

/** Points that several nodes that are added at once are moved by, so that each is seen. */
const BESIDE = 40

/** Takes in a file that is dropped on a node which has a field for it; tells whether it was. */
export function droppedOnNode(app: App, target: EventTarget, files: FileList): boolean {
  const node = target instanceof Element ? target.closest('.react-flow__node') : null
  const [id, file] = [node?.getAttribute('data-id'), files[0]]
  return id != null && file !== undefined && uploadInto(app, id, file)
}

/**
 * Adds a node that loads a picture, at a point or in the middle of what is seen; false for a file that is none, or
 * where there is no canvas.
 */
export function addPicture(app: App, file: File, at: Point | null): boolean {
  if (!PICTURES.test(file.type) || app.canvas.get() === null || !app.definitions.get().has(LOADER))
    return false
  if (at === null) addHere(app, LOADER)
  else addAt(app, LOADER, at)
  const [added] = placeOf(app)?.tab.selection.nodes ?? []
  return added !== undefined && uploadInto(app, added, file)
}

/** Takes in files that are dropped beside nodes or chosen: workflows are opened, pictures without one loaded. */
export function takeFiles(app: App, files: Iterable<File>, at: Point | null = null): Promise<void> {
  let taken = 0
  return openFiles(app, files, (file) => {
    const beside = at && { x: at.x + taken * BESIDE, y: at.y + taken * BESIDE }
    taken += 1
    return addPicture(app, file, beside)
  })
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
    addPicture(
      app,
      new File([file], pastedName(app, file), { type: file.type }),
      app.canvas.get()?.pointer() ?? null,
    )
  }
  target.addEventListener('paste', onPaste)
  return () => target.removeEventListener('paste', onPaste)
}

function pastedName(app: App, file: File): string {
  return file.name === '' ? `${say(app, 'widget.upload.pasted')}.png` : file.name
}
