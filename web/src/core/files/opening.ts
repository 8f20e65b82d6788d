/** A file that was dropped or chosen, as a document. Nothing of it is run. */

import type { Definitions } from '../definitions'
import { JsonError } from '../json'
import { problem, WorkflowError } from '../problems'
import { type Found, readWorkflow } from './detecting'
import { kindOf, readMetadata } from './pictures'

/** In a picture, the editor's own form is looked for first: it says where the nodes stand. */
const KEYS = ['workflow', 'prompt']

/** The code of the problem that a file carries no workflow at all. */
export const NO_WORKFLOW = 'no_workflow'

/** Reads the workflow of a JSON file or a picture. Raises `WorkflowError`, `JsonError` or `PictureError`. */
export async function openFile(bytes: Uint8Array, definitions: Definitions): Promise<Found> {
  const kind = kindOf(bytes)
  if (kind === 'json') return readWorkflow(new TextDecoder().decode(bytes), definitions)
  const texts = await readMetadata(bytes)
  for (const key of KEYS) {
    const text = texts.get(key)
    if (text === undefined) continue
    try {
      return readWorkflow(text, definitions)
    } catch (error) {
      // A picture may carry one that is damaged and one that is whole.
      const last = key === KEYS.at(-1) || !KEYS.slice(KEYS.indexOf(key) + 1).some((other) => texts.has(other))
      if (last || !(error instanceof JsonError || error instanceof WorkflowError)) throw error
    }
  }
  const message =
    kind === 'unknown'
      ? 'this file is neither JSON nor a PNG or WebP picture'
      : 'this picture carries no workflow; programs that change pictures often remove it'
  throw new WorkflowError([problem(NO_WORKFLOW, message)])
}
