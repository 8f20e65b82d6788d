/** Files that fields name: "folder/name.png", or "name.png [output]" for those of another folder. */

import type { FileRef } from './api/shapes'

const ANNOTATED = /^(.*) \[(input|output|temp)\]$/s

/** Returns the file that a field's text names; `type` is the folder where the text does not say it. */
export function fileNamed(text: string, type: string): FileRef {
  const [, name = text, folder = type] = ANNOTATED.exec(text) ?? []
  const at = name.lastIndexOf('/')
  return { filename: name.slice(at + 1), subfolder: at < 0 ? '' : name.slice(0, at), type: folder }
}

/** Returns the text by which a field names a file. */
export function nameOf({ filename, subfolder, type }: FileRef, usual: string): string {
  const path = subfolder === '' ? filename : `${subfolder}/${filename}`
  return type === usual ? path : `${path} [${type}]`
}
