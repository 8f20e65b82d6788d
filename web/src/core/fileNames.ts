/** Names of files of the data folder as fields hold them: `folder/name.png [output]`; without a mark, of input. */

import type { FileRef } from './api/shapes'

const MARK = / ?\[(input|output|temp)\]$/

/** Returns the file that a field names. */
export function fileRefOf(value: string): FileRef {
  const type = MARK.exec(value)?.[1] ?? 'input'
  const path = value.replace(MARK, '')
  const cut = path.lastIndexOf('/')
  return { filename: path.slice(cut + 1), subfolder: path.slice(0, Math.max(cut, 0)), type }
}

/** Returns what a field holds to name a file. */
export function fieldNameOf({ filename, subfolder, type }: FileRef): string {
  const path = subfolder ? `${subfolder}/${filename}` : filename
  return type === 'input' ? path : `${path} [${type}]`
}
