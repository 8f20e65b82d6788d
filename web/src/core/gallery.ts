/** The pictures of the data folder, as a gallery shows them. */

import type { FileRef, HistoryEntry } from './api/shapes'
import { isList, isObject, type Json } from './json'

/** A picture, and the words of the workflow that made it where the history knows it. */
export interface GalleryFile {
  readonly file: FileRef
  readonly words: string
}

const PICTURE = /\.(?:png|webp|jpe?g|gif|avif)$/i

/** Returns the file that a name of /internal/files means: "a/b.png [output]" lies in the folder a. */
export function fileOf(name: string, type: string): FileRef {
  const path = name.replace(/ \[(?:input|output|temp)\]$/, '')
  const at = path.lastIndexOf('/')
  return { filename: path.slice(at + 1), subfolder: path.slice(0, Math.max(0, at)), type }
}

/** Returns the pictures among names, with what the history says of them. */
export function galleryOf(
  names: readonly string[],
  type: string,
  history: readonly HistoryEntry[],
): readonly GalleryFile[] {
  const words = new Map<string, string>()
  for (const { item, outputs } of history) {
    const said = wordsOf(item.prompt).join(' ')
    for (const { images = [] } of Object.values(outputs))
      for (const image of images) words.set(keyOf(image), said)
  }
  return names
    .filter((name) => PICTURE.test(name.replace(/ \[\w+\]$/, '')))
    .map((name) => fileOf(name, type))
    .map((file) => ({ file, words: words.get(keyOf(file)) ?? '' }))
}

/** Returns what tells a file from all others. */
export function keyOf({ filename, subfolder, type }: FileRef): string {
  return `${type}/${subfolder}/${filename}`
}

/** Returns all texts that the nodes of a prompt hold. */
function wordsOf(value: Json): readonly string[] {
  if (typeof value === 'string') return [value]
  if (isList(value)) return []
  return isObject(value) ? [...value].flatMap(([key, one]) => (key === '_meta' ? [] : wordsOf(one))) : []
}
