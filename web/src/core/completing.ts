/** Names that a prompt is completed with: what follows "embedding:" at the cursor. */

const WORD = 'embedding:'
const NAME = /^[\w./\\ -]*$/

export interface Completing {
  /** Where the name begins in the text, and where the cursor is. */
  readonly start: number
  readonly end: number
  readonly typed: string
}

/** Returns what is being typed behind "embedding:" at the cursor; null where nothing is. */
export function completingAt(text: string, cursor: number): Completing | null {
  const before = text.slice(Math.max(0, cursor - 200), cursor)
  const at = before.toLowerCase().lastIndexOf(WORD)
  if (at < 0) return null
  const typed = before.slice(at + WORD.length)
  if (!NAME.test(typed) || typed.includes(' ')) return null
  return { start: cursor - typed.length, end: cursor, typed }
}

/** Returns the text with the name in its place, and where the cursor is then. */
export function completed(
  text: string,
  { start, end }: Completing,
  name: string,
): { readonly text: string; readonly cursor: number } {
  return { text: text.slice(0, start) + name + text.slice(end), cursor: start + name.length }
}
