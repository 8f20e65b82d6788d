/** Names that a prompt is completed with: what follows "embedding:" at the cursor. */

const WORD = 'embedding:'

/** What a name is made of, as the server reads prompts (EMBEDDING_PATTERN). */
const NAME = /^[^\s,:()[\]\\]*$/
const ENDED = /[^\s,:()[\]\\.;!?]$/

/** What may stand before the word: elsewhere it is text like any other. */
const BEFORE = /[\s,()[\]]/

/** Letters before the cursor that are looked at. */
const REACH = 200

export interface Completing {
  /** Where the word begins that the name stands behind, and where the cursor is. */
  readonly start: number
  readonly end: number
  readonly typed: string
}

/** Returns what is being typed behind "embedding:" at the cursor; null where nothing is. */
export function completingAt(text: string, cursor: number): Completing | null {
  const from = Math.max(0, cursor - REACH)
  const at = text.slice(from, cursor).toLowerCase().lastIndexOf(WORD)
  if (at < 0) return null
  const start = from + at
  const typed = text.slice(start + WORD.length, cursor)
  if (!NAME.test(typed) || (start > 0 && !BEFORE.test(text.charAt(start - 1)))) return null
  return { start, end: cursor, typed }
}

/** Returns the names that can be chosen: those that a prompt can say, none where the only one is there already. */
export function choicesFor({ typed }: Completing, names: readonly string[]): readonly string[] {
  const sayable = names.filter((name) => NAME.test(name) && ENDED.test(name))
  return sayable.length === 1 && sayable[0] === typed ? [] : sayable
}

/** Returns the text with the name in its place, and where the cursor is then. */
export function completed(
  text: string,
  { start, end }: Completing,
  name: string,
): { readonly text: string; readonly cursor: number } {
  const said = WORD + name // the word is only known in small letters
  return { text: text.slice(0, start) + said + text.slice(end), cursor: start + said.length }
}
