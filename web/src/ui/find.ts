/** Finding things by a few letters of their names. */

/** Returns how well a text answers a query, higher is better; null for not at all. Case and accents do not count. */
export function score(query: string, text: string): number | null {
  const words = plain(query).split(' ').filter(Boolean)
  const given = plain(text)
  let sum = 0
  for (const word of words) {
    const found = scoreOfWord(word, given)
    if (found === null) return null
    sum += found
  }
  return sum - given.length / 1000
}

function scoreOfWord(word: string, text: string): number | null {
  const at = text.indexOf(word)
  if (at === 0) return 100
  if (at > 0) return text[at - 1] === ' ' ? 80 : 50
  let last = -1
  let gaps = 0
  for (const letter of word) {
    const next = text.indexOf(letter, last + 1)
    if (next < 0) return null
    if (last >= 0) gaps += next - last - 1
    last = next
  }
  return gaps > word.length * 3 ? null : 30 - gaps
}

/** "CLIPTextEncode" is found by "text encode", "dpmpp_2m" by "dpmpp 2m". */
function plain(text: string): string {
  return text
    .normalize('NFD')
    .replace(/\p{M}/gu, '')
    .replace(/([a-z])([A-Z])/g, '$1 $2')
    .replace(/([A-Z])([A-Z][a-z])/g, '$1 $2')
    .replace(/[^\p{L}\p{N}]+/gu, ' ')
    .toLowerCase()
}

/** Returns what answers a query, best first; equal ones stay in their order. */
export function found<T>(query: string, all: readonly T[], textOf: (one: T) => string): readonly T[] {
  if (query.trim() === '') return all
  const scored = all.flatMap((one) => {
    const points = score(query, textOf(one))
    return points === null ? [] : [{ one, points }]
  })
  return scored.sort((one, other) => other.points - one.points).map(({ one }) => one)
}
