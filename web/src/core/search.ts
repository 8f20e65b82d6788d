/** Finding types of nodes by name, category, or what they take and give. */

import type { Definitions, NodeDefinition } from './definitions'
import { fitOf } from './likely'
import type { Port } from './types'

/** A type with all that is searched, in small letters; made once for all searches. */
interface Indexed {
  readonly definition: NodeDefinition
  readonly title: string
  readonly type: string
  readonly words: readonly string[]
  readonly rest: string
}

export type SearchIndex = readonly Indexed[]

export interface Hit {
  readonly definition: NodeDefinition
  /** The number of the port that fits the one that was dragged from; -1 without one. */
  readonly slot: number
}

export function searchIndex(definitions: Definitions): SearchIndex {
  return [...definitions.values()].map((definition) => {
    const { title, type, category, aliases, inputs, outputs } = definition
    const ports = [...inputs, ...outputs].flatMap((one) => [one.name, one.type])
    return {
      definition,
      title: title.toLowerCase(),
      type: type.toLowerCase(),
      words: wordsOf(`${title} ${type}`),
      rest: [category, ...aliases, ...new Set(ports)].join(' ').toLowerCase(),
    }
  })
}

/** Splits at blanks, punctuation and where small letters turn to capitals: KSamplerAdvanced is three. */
function wordsOf(text: string): readonly string[] {
  return text
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .replace(/([A-Z])([A-Z][a-z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== '')
}

interface Scored extends Hit {
  readonly score: number
  /** Whether a word was only found with letters changed or left out. */
  readonly guessed: boolean
}

/** Points of a word that is found only with letters changed, at most. */
const GUESSED = 10

/** Points taken off what is deprecated or only tried out, so that it comes after its like. */
const OLD = 15

/** The category of nodes that are tried out. */
const UNTRIED = '_for_testing'

/**
 * Returns the types that a query means, best first: all its words must be found. With `from`, only types that
 * have a port which fits, those first that people mostly mean. Without words all are returned, by title.
 */
export function search(index: SearchIndex, query: string, from?: Port, most = 100): readonly Hit[] {
  const words = query
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '')
  const found = index.flatMap((one): Scored[] => {
    const fit = fitOf(one.definition, from)
    if (fit === null) return []
    const scores = words.map((word) => scoreOf(one, word))
    const sum = scores.reduce((all, score) => all + score, 0)
    if (sum === Number.NEGATIVE_INFINITY) return []
    const score = fit.likely + (words.length === 0 ? age(one.definition) : total(one, words, sum))
    return [{ definition: one.definition, slot: fit.slot, score, guessed: Math.min(...scores) <= GUESSED }]
  })
  // Where words are found as they are written, what they might have meant is noise.
  const plain = found.filter((one) => !one.guessed)
  const order = (plain.length > 0 ? plain : found).sort((one, other) => {
    const [title, others] = [one.definition.title, other.definition.title]
    const shorter = words.length === 0 ? 0 : title.length - others.length
    return other.score - one.score || shorter || title.localeCompare(others)
  })
  return order.slice(0, most).map(({ definition, slot }) => ({ definition, slot }))
}

function total({ definition, title, type }: Indexed, words: readonly string[], score: number): number {
  const whole = words.join(' ')
  const exact =
    title === whole || type === whole ? 100 : title.startsWith(whole) || type.startsWith(whole) ? 30 : 0
  return score + exact + age(definition)
}

function age({ deprecated, experimental, category }: NodeDefinition): number {
  return deprecated || experimental || category.startsWith(UNTRIED) ? -OLD : 0
}

/** Returns how well a word is found in a type; -Infinity where it is not. */
function scoreOf({ title, type, words, rest }: Indexed, word: string): number {
  if (words.includes(word)) return 60
  if (words.some((one) => one.startsWith(word))) return 50
  if (title.includes(word) || type.includes(word)) return 40
  if (initials(words).includes(word) && word.length > 1) return 35
  if (rest.includes(word)) return 20
  if (word.length > 2 && words.some((one) => distance(one.slice(0, word.length + 1), word) <= slack(word)))
    return GUESSED
  return subsequence(title, word) || subsequence(type, word) ? 5 : Number.NEGATIVE_INFINITY
}

const initials = (words: readonly string[]): string => words.map((one) => one.charAt(0)).join('')
const slack = (word: string): number => (word.length > 5 ? 2 : 1)

function subsequence(text: string, letters: string): boolean {
  if (letters.length < 3) return false
  let at = 0
  for (const letter of letters) {
    at = text.indexOf(letter, at) + 1
    if (at === 0) return false
  }
  return true
}

/** Returns how many letters must be put in, taken out, changed or swapped with the next to make one of the other. */
export function distance(one: string, other: string): number {
  let before: number[] = []
  let last = Array.from({ length: other.length + 1 }, (_, at) => at)
  for (let row = 1; row <= one.length; row += 1) {
    const now = [row]
    for (let column = 1; column <= other.length; column += 1) {
      const same = one.charAt(row - 1) === other.charAt(column - 1)
      const changed = (last[column - 1] ?? 0) + (same ? 0 : 1)
      const least = Math.min(changed, (last[column] ?? 0) + 1, (now[column - 1] ?? 0) + 1)
      const swapped =
        row > 1 &&
        column > 1 &&
        one.charAt(row - 1) === other.charAt(column - 2) &&
        one.charAt(row - 2) === other.charAt(column - 1)
      now.push(swapped ? Math.min(least, (before[column - 2] ?? 0) + 1) : least)
    }
    before = last
    last = now
  }
  return last[other.length] ?? 0
}
