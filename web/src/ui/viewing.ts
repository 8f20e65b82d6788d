/** Pictures of the server, looked at one after the other. */

import type { FileRef } from '../core/api/shapes'
import type { App } from '../state/app'

export function viewFiles(app: App, files: readonly FileRef[], at: number): void {
  const pictures = files.map((file) => ({
    url: app.api.viewUrl(file),
    name: file.filename,
    caption: '',
    file,
  }))
  app.dialog.set({ id: 'picture', pictures, at })
}
