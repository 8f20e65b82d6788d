/** What is asked about a prompt's tokens: its text as it would be sent, and the node that would read it. */

import type { TokenCount } from '../api/shapes'
import { type Definitions, definitionOf, type InputDefinition, type NodeDefinition } from '../definitions'
import { asText, EMPTY, isList, isObject, type Json, type JsonObject } from '../json'
import type { Prompt } from './convert'

export interface TokenQuestion {
  readonly text: string
  readonly syntax: 'comfyui' | 'a1111'
  /** The node that loads the text encoders, in API format; null where it is not known. */
  readonly loader: JsonObject | null
}

/** What is shown of a count: the tokens, the places of all chunks together, and these. */
export interface Counted {
  readonly tokens: number
  readonly room: number
  readonly chunks: number
  /** Whose tokens were counted; `unknown` are CLIP's, since nothing says who reads the prompt. */
  readonly vocabulary: 'clip' | 'model' | 'unknown'
}

const CLIP = 'CLIP'

/** Tells whether a field is one that prompts are typed into. */
export function takesPrompt({ widget }: InputDefinition): boolean {
  return widget?.kind === 'text' && widget.multiline && widget.dynamicPrompts
}

/** Returns what to ask about a field of a node that encodes text; null for any other field, and for a linked one. */
export function tokenQuestion(
  prompt: Prompt,
  definitions: Definitions,
  node: string,
  field: string,
): TokenQuestion | null {
  const [definition, inputs] = placed(prompt, definitions, node)
  const input = definition?.inputs.find((one) => one.name === field)
  const text = asText(inputs.get(field))
  if (definition === undefined || input === undefined || text === undefined) return null
  if (!takesPrompt(input) || !definition.inputs.some((one) => one.type === CLIP)) return null
  const syntax = asText(inputs.get('notation')) === 'a1111' ? 'a1111' : 'comfyui'
  return { text, syntax, loader: loaderOf(prompt, definitions, node) }
}

export function countedOf(told: TokenCount, question: TokenQuestion): Counted | null {
  const { tokens, chunks, chunk_size, vocabulary } = told
  if (tokens === null || chunks === null || vocabulary === null) return null
  return {
    tokens,
    chunks,
    room: chunks * chunk_size,
    vocabulary: question.loader === null ? 'unknown' : vocabulary,
  }
}

/** Follows text encoders from node to node to where they are loaded from files. */
function loaderOf(prompt: Prompt, definitions: Definitions, node: string): JsonObject | null {
  const seen = new Set<string>()
  let at = node
  while (!seen.has(at)) {
    seen.add(at)
    const [definition, inputs] = placed(prompt, definitions, at)
    if (definition === undefined) return null
    const source = definition.inputs
      .filter((one) => one.type === CLIP)
      .map((one) => originOf(inputs.get(one.name)))
      .find((one) => one !== undefined)
    if (source === undefined) return at === node ? null : loading(definition, inputs)
    at = source
  }
  return null
}

function loading(definition: NodeDefinition, inputs: JsonObject): JsonObject | null {
  const files = definition.inputs.some(({ widget }) => widget?.kind === 'combo' && widget.files)
  if (!files) return null
  const literal = new Map([...inputs].filter(([, value]) => originOf(value) === undefined))
  return new Map<string, Json>([
    ['class_type', definition.type],
    ['inputs', literal],
  ])
}

function placed(
  prompt: Prompt,
  definitions: Definitions,
  node: string,
): readonly [NodeDefinition | undefined, JsonObject] {
  const found = prompt.get(node)
  const inputs = found?.get('inputs')
  const type = asText(found?.get('class_type')) ?? ''
  return [definitionOf(definitions, type), isObject(inputs) ? inputs : EMPTY]
}

/** Returns the node that a link comes from; undefined for a value. */
function originOf(value: Json | undefined): string | undefined {
  if (!isList(value) || value.length !== 2) return undefined
  return asText(value[0])
}
