/** How many tokens the prompt in a field has, as the server counts them. */

import { OfflineError, ServerError } from '../core/api/client'
import { WorkflowError } from '../core/problems'
import { toPrompt } from '../core/prompt/convert'
import { type Counted, countedOf, type TokenQuestion, tokenQuestion } from '../core/prompt/tokens'
import type { App } from './app'

/** Milliseconds of quiet after which what is typed is counted. */
export const QUIET = 250

/** A field by the node that it is run in. */
export interface Counting {
  readonly tab: string
  readonly node: string
  readonly input: string
}

/** Counts what a field holds now; null where it is no prompt, or the server can't tell. */
export async function countTokens(app: App, at: Counting, signal: AbortSignal): Promise<Counted | null> {
  const question = questionOf(app, at)
  if (question === null || app.connection.get() !== 'open') return null
  try {
    return countedOf(await app.api.tokens(question, signal), question)
  } catch (error) {
    const expected =
      error instanceof ServerError ||
      error instanceof OfflineError ||
      (error instanceof DOMException && error.name === 'AbortError')
    if (!expected) throw error
    return null
  }
}

function questionOf(app: App, { tab, node, input }: Counting): TokenQuestion | null {
  const document = app.tabs.get().open.find((one) => one.id === tab)?.edited.document
  if (document === undefined) return null
  const definitions = app.definitions.get()
  try {
    const prompt = toPrompt(document, definitions, { now: new Date(), choose: () => 0 })
    return tokenQuestion(prompt, definitions, node, input)
  } catch (error) {
    if (!(error instanceof WorkflowError)) throw error
    return null // its form is wrong, which is told elsewhere
  }
}
