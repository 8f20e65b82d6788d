/** JSON without loss: key order, integers beyond 2^53 and the very text of a number survive reading and writing. */

/** A number whose text JavaScript would write otherwise: 8.0, 1e5, 1.10, -0. */
export interface NumberText {
  readonly text: string
}

/** An object; a map, since JavaScript's own would sort keys that look like numbers. */
export type JsonObject = ReadonlyMap<string, Json>

/** Integers beyond 2^53 are bigints, other numbers are `number` wherever that keeps their text. */
export type Json = null | boolean | string | number | bigint | NumberText | readonly Json[] | JsonObject

export const EMPTY: JsonObject = new Map()

/** Said of text that is no JSON: what is wrong, and where (line and column count from 1). */
export class JsonError extends Error {
  readonly line: number
  readonly column: number

  constructor(message: string, line: number, column: number) {
    super(`line ${line}, column ${column}: ${message}`)
    this.name = 'JsonError'
    this.line = line
    this.column = column
  }
}

const DEEPEST = 2000
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are just what a JSON text may not have
const PLAIN = /[^"\\\u0000-\u001f]*/y
const ESCAPES: ReadonlyMap<string, string> = new Map([
  ['"', '"'],
  ['\\', '\\'],
  ['/', '/'],
  ['b', '\b'],
  ['f', '\f'],
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
])

/** Reads JSON text. Of two equal keys the last counts. NaN and Infinity, which Python writes, are errors. */
export function parseJson(text: string): Json {
  let at = text.startsWith('\ufeff') ? 1 : 0

  function fail(message: string): never {
    const before = text.slice(0, at).split('\n')
    throw new JsonError(message, before.length, (before.at(-1)?.length ?? 0) + 1)
  }
  function skip(): void {
    for (;;) {
      const code = text.charCodeAt(at)
      if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return
      at += 1
    }
  }
  function word<T>(name: string, value: T): T {
    if (!text.startsWith(name, at)) fail(`expected a value, not ${JSON.stringify(text.slice(at, at + 10))}`)
    at += name.length
    return value
  }
  function string(): string {
    let found = ''
    for (at += 1; ; ) {
      PLAIN.lastIndex = at
      PLAIN.test(text)
      found += text.slice(at, PLAIN.lastIndex)
      at = PLAIN.lastIndex
      const next = text[at]
      if (next === '"') {
        at += 1
        return found
      }
      if (next !== '\\') fail(next === undefined ? 'a text is not closed' : 'a control character in a text')
      const letter = text[at + 1] ?? ''
      if (letter === 'u') {
        const code = text.slice(at + 2, at + 6)
        if (!/^[0-9a-fA-F]{4}$/.test(code)) fail('\\u needs four hexadecimal digits')
        found += String.fromCharCode(Number.parseInt(code, 16))
        at += 6
      } else {
        const meant = ESCAPES.get(letter)
        if (meant === undefined) fail(`unknown escape \\${letter}`)
        found += meant
        at += 2
      }
    }
  }
  function number(): Json {
    NUMBER.lastIndex = at
    const found = NUMBER.exec(text)
    if (found === null) fail('expected a number')
    at = NUMBER.lastIndex
    return numberOfText(found[0])
  }
  function value(depth: number): Json {
    if (depth > DEEPEST) fail(`nested more than ${DEEPEST} deep`)
    skip()
    switch (text[at]) {
      case undefined:
        return fail('the text ends where a value should be')
      case '"':
        return string()
      case '{':
        return object(depth)
      case '[':
        return list(depth)
      case 't':
        return word('true', true)
      case 'f':
        return word('false', false)
      case 'n':
        return word('null', null)
      default:
        return /[-0-9]/.test(text[at] ?? '') ? number() : word('a value', null)
    }
  }
  function list(depth: number): Json {
    const found: Json[] = []
    at += 1
    skip()
    if (text[at] === ']') {
      at += 1
      return found
    }
    for (;;) {
      found.push(value(depth + 1))
      skip()
      if (text[at] === ']') break
      if (text[at] !== ',') fail('expected , or ]')
      at += 1
    }
    at += 1
    return found
  }
  function object(depth: number): Json {
    const found = new Map<string, Json>()
    at += 1
    skip()
    if (text[at] === '}') {
      at += 1
      return found
    }
    for (;;) {
      skip()
      if (text[at] !== '"') fail('expected a key in quotes')
      const key = string()
      skip()
      if (text[at] !== ':') fail('expected :')
      at += 1
      found.set(key, value(depth + 1))
      skip()
      if (text[at] === '}') break
      if (text[at] !== ',') fail('expected , or }')
      at += 1
    }
    at += 1
    return found
  }

  const found = value(0)
  skip()
  if (at < text.length) fail('something follows after the value')
  return found
}

/** Returns a number by its JSON text: in JavaScript's own form where that writes the same text. */
export function numberOfText(text: string): number | bigint | NumberText {
  const plain = Number(text)
  if (String(plain) === text && (!Number.isInteger(plain) || Number.isSafeInteger(plain))) return plain
  if (/^-?[1-9]\d*$/.test(text)) return BigInt(text)
  return { text }
}

/**
 * Writes JSON text; `indent` spaces for each level, or everything on one line. Raises for NaN and infinities. `known`
 * may have the text of a list or an object already, on one line.
 */
export function writeJson(value: Json, indent = 0, known?: (given: object) => string | undefined): string {
  const parts: string[] = []
  const lines = indent > 0
  function put(given: Json, margin: string): void {
    const written = typeof given === 'object' && given !== null ? known?.(given) : undefined
    if (written !== undefined) parts.push(written)
    else if (isList(given)) {
      around('[', ']', given, margin, (one, inner) => put(one, inner))
    } else if (isObject(given)) {
      around('{', '}', [...given], margin, ([key, one], inner) => {
        parts.push(textJson(key), lines ? ': ' : ':')
        put(one, inner)
      })
    } else parts.push(scalarText(given))
  }
  function around<T>(
    open: string,
    close: string,
    all: readonly T[],
    margin: string,
    one: (given: T, inner: string) => void,
  ): void {
    const inner = margin + ' '.repeat(indent)
    parts.push(open)
    all.forEach((given, number) => {
      if (number > 0) parts.push(',')
      if (lines) parts.push('\n', inner)
      one(given, inner)
    })
    if (lines && all.length > 0) parts.push('\n', margin)
    parts.push(close)
  }
  put(value, '')
  return parts.join('')
}

/** Most texts need no escapes; to tell so is quicker than to ask for them. */
const UNESCAPED = /^[ !#-[\]-\ud7ff]*$/

function textJson(text: string): string {
  return UNESCAPED.test(text) ? `"${text}"` : JSON.stringify(text)
}

function scalarText(value: null | boolean | string | number | bigint | NumberText): string {
  if (typeof value === 'string') return textJson(value)
  if (typeof value === 'bigint') return value.toString()
  if (typeof value === 'number' && !Number.isFinite(value)) throw new Error(`JSON has no number ${value}`)
  return isNumberText(value) ? value.text : JSON.stringify(value)
}

export function isList(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value)
}

export function isObject(value: Json | undefined): value is JsonObject {
  return value instanceof Map
}

export function isNumberText(value: Json | undefined): value is NumberText {
  return typeof value === 'object' && value !== null && !isList(value) && !isObject(value)
}

/** Returns a number as JavaScript computes with it, undefined for what is none. Beyond 2^53 it is rounded. */
export function asNumber(value: Json | undefined): number | undefined {
  if (typeof value === 'number') return value
  if (typeof value === 'bigint') return Number(value)
  return isNumberText(value) ? Number(value.text) : undefined
}

/** Returns a whole number exactly, undefined for what is none; 20.0 is 20. */
export function asBigInt(value: Json | undefined): bigint | undefined {
  if (typeof value === 'bigint') return value
  const plain = asNumber(value)
  return plain !== undefined && Number.isInteger(plain) ? BigInt(plain) : undefined
}

/** Returns a whole number in the form that JSON holds it in here. */
export function whole(value: bigint): number | bigint {
  const plain = Number(value)
  return Number.isSafeInteger(plain) ? plain : value
}

export function asText(value: Json | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined
}

/** Tells whether two values are written with the same text. */
export function sameJson(one: Json | undefined, other: Json | undefined): boolean {
  if (one === other) return true
  if (isList(one)) {
    return isList(other) && one.length === other.length && one.every((each, at) => sameJson(each, other[at]))
  }
  if (isObject(one)) {
    if (!isObject(other) || one.size !== other.size) return false
    const others = [...other]
    return [...one].every(([key, each], at) => others[at]?.[0] === key && sameJson(each, others[at]?.[1]))
  }
  return isNumberText(one) && isNumberText(other) && one.text === other.text
}

/** Returns JSON as plain JavaScript objects and numbers, for reading answers of the server; big integers stay bigints. */
export function plain(value: Json): unknown {
  if (isList(value)) return value.map(plain)
  if (isObject(value)) return Object.fromEntries([...value].map(([key, one]) => [key, plain(one)]))
  return isNumberText(value) ? Number(value.text) : value
}

/** Returns what `plain` made as JSON again; raises TypeError for what never was JSON. */
export function jsonOf(value: unknown): Json {
  if (Array.isArray(value)) return value.map(jsonOf)
  switch (typeof value) {
    case 'string':
    case 'number':
    case 'bigint':
    case 'boolean':
      return value
    case 'object':
      return value === null ? null : new Map(Object.entries(value).map(([key, one]) => [key, jsonOf(one)]))
    default:
      throw new TypeError(`a ${typeof value} is no JSON`)
  }
}

/** Returns an object with some keys put in place; undefined takes a key away. */
export function withKeys(
  object: JsonObject,
  changes: Readonly<Record<string, Json | undefined>>,
): JsonObject {
  const found = new Map(object)
  for (const [key, value] of Object.entries(changes)) {
    if (value === undefined) found.delete(key)
    else found.set(key, value)
  }
  return found
}
