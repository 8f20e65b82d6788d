/** Running a part: only some outputs, or up to a node that is none, by something that shows its result. */

import { type Definitions, definitionOf } from '../definitions'
import { asText, type Json } from '../json'
import type { Given, Prompt } from './convert'

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

/**
 * Returns what runs nodes and what they need, and nothing else; null for nodes that can't be run so. `givenBy` tells
 * what an instance of a subgraph gives at its outputs: it does not run itself, but what is inside of it does.
 */
export function partOf(
  prompt: Prompt,
  definitions: Definitions,
  ids: Iterable<string>,
  givenBy: (id: string) => readonly Given[],
): Part | null {
  const found = new Map(prompt)
  const targets = new Set<string>()
  const definitionAt = (id: string) => {
    const type = asText(prompt.get(id)?.get('class_type'))
    return type === undefined ? undefined : definitionOf(definitions, type)
  }
  function show(id: string, given: readonly Given[]): void {
    const output = given.find((one) => Object.hasOwn(SHOWN_BY, one.type)) ?? given[0]
    if (output === undefined) return
    const [shows, input] = SHOWN_BY[output.type] ?? AS_TEXT
    if (!definitions.has(shows)) return
    const inputs = new Map<string, Json>([[input, [output.node, output.slot]]])
    const shown = `${id}${SUFFIX}`
    found.set(
      shown,
      new Map<string, Json>([
        ['inputs', inputs],
        ['class_type', shows],
      ]),
    )
    targets.add(shown)
  }
  for (const id of ids) {
    const definition = definitionAt(id)
    if (definition?.isOutput) targets.add(id)
    else if (definition !== undefined)
      show(
        id,
        definition.outputs.map(({ type }, slot) => ({ node: id, slot, type })),
      )
    else {
      for (const inner of prompt.keys())
        if (inner.startsWith(`${id}:`) && definitionAt(inner)?.isOutput) targets.add(inner)
      show(id, givenBy(id))
    }
  }
  return targets.size === 0 ? null : { prompt: found, targets: [...targets] }
}

/** Returns the node that a result is to be shown at. */
export function shownAt(id: string): string {
  return id.endsWith(SUFFIX) ? id.slice(0, -SUFFIX.length) : id
}
