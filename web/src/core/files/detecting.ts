/** Which form a file is in, and the document that it holds. */

import type { Definitions } from '../definitions'
import type { Document } from '../document'
import { isList, isObject, type Json, type JsonObject, parseJson } from '../json'
import { problem, WorkflowError } from '../problems'
import { importPrompt } from './importing'
import { readDocument } from './reading'

export type Form = 'editor' | 'api'

/** What a file holds: a workflow, and the form that it was in. */
export interface Found {
  readonly form: Form
  readonly document: Document
}

/** Tells which form of a workflow a JSON value is; null for neither. */
export function formOf(value: Json): Form | null {
  if (!isObject(value)) return null
  if (isList(value.get('nodes'))) return 'editor'
  return [...value.values()].some((one) => isObject(one) && one.has('class_type')) ? 'api' : null
}

/**
 * Reads a workflow from JSON text, whatever form it is in; also where it lies under the key "workflow" or
 * "prompt", as in a history or in the metadata of a picture. Raises `JsonError`, or `WorkflowError` with reasons.
 */
export function readWorkflow(text: string, definitions: Definitions): Found {
  return workflowOf(parseJson(text), definitions)
}

export function workflowOf(value: Json, definitions: Definitions): Found {
  const form = formOf(value)
  if (form === 'editor') return { form, document: readDocument(value as JsonObject) }
  if (form === 'api') return { form, document: importPrompt(value as JsonObject, definitions) }
  for (const key of ['workflow', 'prompt']) {
    const inner = isObject(value) ? value.get(key) : undefined
    if (inner !== undefined && formOf(inner) !== null) return workflowOf(inner, definitions)
  }
  const message =
    'this is no workflow: neither API format, {id: {"class_type", "inputs"}}, nor an editor\'s, {"nodes": […], "links": […]}'
  throw new WorkflowError([problem('not_a_workflow', message)])
}
