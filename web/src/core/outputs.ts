/** What a node shows when it is done, as pictures with their captions, and texts. */

import type { FileRef, NodeOutput } from './api/shapes'

export interface Picture {
  readonly file: FileRef
  /** Empty where nothing is said of it. */
  readonly caption: string
}

export interface Shown {
  readonly pictures: readonly Picture[]
  readonly texts: readonly string[]
}

/** Returns what is to be shown; as many texts as pictures, more than one, are what is said of each. */
export function shownOf(output: NodeOutput | null): Shown {
  const { images = [], text = [] } = output ?? {}
  const captions = images.length > 1 && text.length === images.length
  return {
    pictures: images.map((file, at) => ({ file, caption: captions ? (text[at] ?? '') : '' })),
    texts: captions ? [] : text,
  }
}

/** Returns how many columns a grid of so many pictures has. */
export function columnsOf(count: number): number {
  return count < 2 ? 1 : Math.min(4, Math.ceil(Math.sqrt(count)))
}
