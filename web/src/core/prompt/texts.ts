/** What becomes of texts before they are sent: choices like {red|blue} are drawn, %tokens% filled in. */

/** Given a number of alternatives, returns the number of one, from 0. */
export type Choose = (count: number) => number

const PIECES = /\\[{}|]|[{}|]|[^\\{}|]+|\\/g

/** A brace that is not closed yet: the alternatives before the present one, and that one. */
interface Open {
  readonly before: string[]
  now: string
}

/**
 * Returns a prompt with its comments removed and one alternative of each {a|b|c} kept. Braces may lie inside of
 * each other; one that is never closed, or never opened, stays. `\{`, `\}` and `\|` stand for the characters.
 */
export function withoutChoices(text: string, choose: Choose): string {
  const opened: Open[] = [{ before: [], now: '' }]
  for (const [piece] of withoutComments(text).matchAll(PIECES)) {
    const top = opened.at(-1) as Open
    const above = opened.at(-2)
    if (piece === '{') opened.push({ before: [], now: '' })
    else if (piece === '|' && above !== undefined) {
      top.before.push(top.now)
      top.now = ''
    } else if (piece === '}' && above !== undefined) {
      opened.pop()
      const alternatives = [...top.before, top.now]
      above.now += alternatives[choose(alternatives.length)] ?? ''
    } else top.now += piece.length === 2 && piece.startsWith('\\') ? piece.slice(1) : piece
  }
  return opened.map((brace) => [...brace.before, brace.now].join('|')).join('{')
}

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\/|\/\/[^\n\r]*/g, '')
}

/** Returns a prompt of which `withoutChoices` makes `text`: braces escaped, what would begin a comment split. */
export function kept(text: string): string {
  return text.replace(/[{}]|(?<=\\)\|/g, '\\$&').replace(/\/([/*])/g, '/{$1}')
}

const TOKEN = /%([^%]+)%/g
const DATE = /yyyy|yy|MM|M|dd|d|hh|h|mm|m|ss|s/g
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are just what no name of a file may have
const UNSAFE = /[/?<>\\:*|"\u0000-\u001f\u007f]/g

/** Characters beyond which no file system takes a name. */
const LONGEST = 4096

/**
 * Returns the name of a file with %date:FORMAT% and %Node.field% filled in. `fieldText` returns the text of a
 * node's field, undefined when there is none; such a token stays, as do those that the server fills in.
 */
export function withTokens(
  text: string,
  fieldText: (node: string, field: string) => string | undefined,
  now: Date,
): string {
  let room = LONGEST
  return text.replace(TOKEN, (whole, token: string) => {
    if (room <= 0) return whole
    if (token.startsWith('date:'))
      return token.slice('date:'.length).replace(DATE, (part) => datePart(part, now))
    const [node = '', field, ...more] = token.split('.')
    const value = field === undefined || more.length > 0 ? undefined : fieldText(node, field)
    if (value === undefined) return whole
    room -= value.length
    return value.replace(UNSAFE, '_')
  })
}

function datePart(letters: string, now: Date): string {
  if (letters.startsWith('y')) return String(now.getFullYear()).padStart(4, '0').slice(-letters.length)
  const numbers = new Map([
    ['M', now.getMonth() + 1],
    ['d', now.getDate()],
    ['h', now.getHours()],
    ['m', now.getMinutes()],
    ['s', now.getSeconds()],
  ])
  return String(numbers.get(letters.charAt(0)) ?? 0).padStart(letters.length, '0')
}
