/** Small pieces of the editor's file, each read from what the file says and written back. */

import type { Box, Point, Size, Values } from '../document'
import {
  asNumber,
  asText,
  EMPTY,
  isList,
  isObject,
  type Json,
  type JsonObject,
  sameJson,
  whole,
} from '../json'

/** Digits of an id that is a number. */
const LONGEST_ID = 64

/** Returns an id as text, undefined for what is no id: 5, 5.0 and "5" are one. */
export function identity(given: Json | undefined): string | undefined {
  if (typeof given === 'string') return given
  const number = wholeNumber(given)
  return number === undefined || String(number).length > LONGEST_ID ? undefined : String(number)
}

export function wholeNumber(given: Json | undefined): number | bigint | undefined {
  if (typeof given === 'bigint') return given
  const number = asNumber(given)
  return number !== undefined && Number.isInteger(number) ? whole(BigInt(number)) : undefined
}

/** Returns a slot's number, undefined for what is none. */
export function slotNumber(given: Json | undefined): number | undefined {
  const found = wholeNumber(given)
  return found === undefined ? undefined : Number(found)
}

/** Writes an id as the number that it is, if it is one that reads the same again. */
export function idJson(id: string): Json {
  return /^(0|-?[1-9]\d*)$/.test(id) && Number.isSafeInteger(Number(id)) ? Number(id) : id
}

/** Reads two numbers: a list, or an object with the keys "0" and "1". */
function pair(given: Json | undefined): readonly [number, number] {
  const at = (index: number) =>
    asNumber(isList(given) ? given[index] : isObject(given) ? given.get(String(index)) : undefined) ?? 0
  return [at(0), at(1)]
}

export function point(given: Json | undefined): Point {
  const [x, y] = pair(given)
  return { x, y }
}

export function size(given: Json | undefined): Size {
  const [width, height] = pair(given)
  return { width, height }
}

export function box(given: Json | undefined): Box {
  const [x = 0, y = 0, width = 0, height = 0] = isList(given) ? given.map((one) => asNumber(one) ?? 0) : []
  return { x, y, width, height }
}

export const pointJson = ({ x, y }: Point): Json => [x, y]
export const sizeJson = ({ width, height }: Size): Json => [width, height]
export const boxJson = ({ x, y, width, height }: Box): Json => [x, y, width, height]

/** Reads what fields hold. An array that went through a program that writes {"0": …, "1": …} is one again. */
export function values(given: Json | undefined): Values {
  if (!isObject(given)) return isList(given) ? given : []
  const indexed = Array.from({ length: given.size }, (_, at) => given.get(String(at)))
  return given.size > 0 && indexed.every((one) => one !== undefined) ? indexed : given
}

export function inside(object: JsonObject, key: string): JsonObject {
  const found = object.get(key)
  return isObject(found) ? found : EMPTY
}

export function textOrNull(given: Json | undefined): string | null {
  return asText(given) ?? null
}

/** What a file says under a key, or undefined where it does not say it. */
type Entry = readonly [key: string, value: Json | undefined]

/** Returns an object with some entries in their place; undefined takes one away. New ones come last. */
export function assembled(raw: JsonObject, entries: readonly Entry[]): JsonObject {
  const found = new Map(raw)
  for (const [key, value] of entries) {
    if (value === undefined) found.delete(key)
    else found.set(key, value)
  }
  return found
}

/** Returns what the file said where that still reads as it should, so that its very form stays. */
export function kept<T>(
  raw: JsonObject,
  key: string,
  present: T,
  read: (given: Json | undefined) => T,
  write: (value: T) => Json | undefined,
): Entry {
  const said = raw.get(key)
  return [key, alike(read(said), present) ? said : write(present)]
}

/** Tells whether two pieces of a document are equal. */
export function alike(one: unknown, other: unknown): boolean {
  if (Object.is(one, other)) return true
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null) return false
  if (one instanceof Map || Array.isArray(one)) return sameJson(one as Json, other as Json)
  const keys = Object.keys(one)
  return (
    keys.length === Object.keys(other).length &&
    keys.every((key) => alike(Reflect.get(one, key), Reflect.get(other, key)))
  )
}
