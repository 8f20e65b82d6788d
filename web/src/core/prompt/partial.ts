/** Running a part: only some outputs, or up to a node that is none, by something that shows its result. */

import { type Definitions, definitionOf } from '../definitions'
import { asText, type Json } from '../json'
import type { Prompt } from './convert'

export interface Part {
  readonly prompt: Prompt
  readonly targets: readonly string[]
}

const SUFFIX = '-shown'

/** What shows a result of a type; anything else can be shown as text. */
const SHOWN_BY: Readonly<Record<string, readonly [type: string, input: string]>> = {
  IMAGE: ['PreviewImage', 'images'],
}
const AS_TEXT = ['PreviewAny', 'source'] as const

/** Returns what runs nodes and what they need, and nothing else; null for nodes that can't be run so. */
export function partOf(prompt: Prompt, definitions: Definitions, ids: Iterable<string>): Part | null {
  const found = new Map(prompt)
  const targets: string[] = []
  for (const id of ids) {
    const type = asText(prompt.get(id)?.get('class_type'))
    const definition = type === undefined ? undefined : definitionOf(definitions, type)
    if (definition === undefined) continue
    if (definition.isOutput) {
      targets.push(id)
      continue
    }
    const slot = Math.max(
      0,
      definition.outputs.findIndex((one) => Object.hasOwn(SHOWN_BY, one.type)),
    )
    const output = definition.outputs[slot]
    if (output === undefined) continue
    const [shows, input] = SHOWN_BY[output.type] ?? AS_TEXT
    if (!definitions.has(shows)) continue
    const inputs = new Map<string, Json>([[input, [id, slot]]])
    found.set(
      `${id}${SUFFIX}`,
      new Map<string, Json>([
        ['inputs', inputs],
        ['class_type', shows],
      ]),
    )
    targets.push(`${id}${SUFFIX}`)
  }
  return targets.length === 0 ? null : { prompt: found, targets }
}

/** Returns the node that a result is to be shown at. */
export function shownAt(id: string): string {
  return id.endsWith(SUFFIX) ? id.slice(0, -SUFFIX.length) : id
}
