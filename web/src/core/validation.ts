/** Whether a field may hold a value, and the nearest one that it may. */

import type { Widget } from './definitions'
import { asBigInt, asNumber, isList, type Json, sameJson, whole } from './json'
import { distance } from './search'

export type Fault = 'type' | 'too small' | 'too large' | 'choice'

/** What is wrong with a value; `nearest` is the right one that comes closest, undefined where there is none. */
export interface Verdict {
  readonly fault: Fault
  readonly nearest: Json | undefined
}

/** Returns what is wrong with a value of a field; null for nothing. */
export function verdictOn(value: Json, widget: Widget): Verdict | null {
  switch (widget.kind) {
    case 'int': {
      const number = asBigInt(value) ?? rounded(value)
      if (number === undefined) return { fault: 'type', nearest: undefined }
      const { min, max } = widget
      if (number < min) return { fault: 'too small', nearest: whole(min) }
      if (number > max) return { fault: 'too large', nearest: whole(max) }
      return asBigInt(value) === undefined ? { fault: 'type', nearest: whole(number) } : null
    }
    case 'float': {
      const number = asNumber(value) ?? numberIn(value)
      if (number === undefined) return { fault: 'type', nearest: undefined }
      if (number < widget.min) return { fault: 'too small', nearest: widget.min }
      if (number > widget.max) return { fault: 'too large', nearest: widget.max }
      return asNumber(value) === undefined ? { fault: 'type', nearest: number } : null
    }
    case 'text':
      return typeof value === 'string' ? null : { fault: 'type', nearest: undefined }
    case 'boolean':
      return typeof value === 'boolean' ? null : { fault: 'type', nearest: undefined }
    case 'combo': {
      if (widget.multiple && isList(value)) {
        return value.every((one) => offered(one, widget.options))
          ? null
          : { fault: 'choice', nearest: undefined }
      }
      return offered(value, widget.options)
        ? null
        : { fault: 'choice', nearest: nearestChoice(value, widget.options) }
    }
  }
}

function offered(value: Json, options: readonly Json[]): boolean {
  return options.some(
    (one) => sameJson(one, value) || (asNumber(one) !== undefined && asNumber(one) === asNumber(value)),
  )
}

function rounded(value: Json): bigint | undefined {
  if (typeof value === 'string' && /^\s*[+-]?\d+\s*$/.test(value))
    return BigInt(value.trim().replace('+', ''))
  const number = asNumber(value) ?? numberIn(value)
  return number === undefined || !Number.isFinite(number) ? undefined : BigInt(Math.round(number))
}

function numberIn(value: Json): number | undefined {
  if (typeof value !== 'string' || value.trim() === '') return undefined
  const number = Number(value)
  return Number.isFinite(number) ? number : undefined
}

/** Returns the choice whose name comes closest, by its last part too: models move between folders. */
export function nearestChoice(value: Json, options: readonly Json[]): Json | undefined {
  const wanted = String(value).toLowerCase()
  const last = (name: string) => name.slice(Math.max(name.lastIndexOf('/'), name.lastIndexOf('\\')) + 1)
  let found: Json | undefined
  let least = Math.max(2, Math.ceil(wanted.length / 2)) + 1
  for (const option of options) {
    const name = String(option).toLowerCase()
    const far = last(name) === last(wanted) ? 0.5 : distance(wanted, name)
    if (far < least) {
      least = far
      found = option
    }
  }
  return found
}

/** Returns the number nearest to what was typed that a field takes: within its range, on its grid. */
export function typedNumber(text: string, widget: Widget): Json | undefined {
  if (widget.kind === 'int') {
    const number = rounded(text)
    if (number === undefined) return undefined
    return whole(number < widget.min ? widget.min : number > widget.max ? widget.max : number)
  }
  if (widget.kind !== 'float') return undefined
  const number = numberIn(text.replace(',', '.'))
  if (number === undefined) return undefined
  const { min, max, round } = widget
  const onGrid = round > 0 ? Number((Math.round(number / round) * round).toFixed(decimals(round))) : number
  return Math.min(max, Math.max(min, onGrid))
}

/** Returns the value one step up or down. */
export function stepped(value: Json, widget: Widget, steps: number): Json {
  if (widget.kind === 'int') {
    const number = (asBigInt(value) ?? 0n) + widget.step * BigInt(steps)
    return whole(number < widget.min ? widget.min : number > widget.max ? widget.max : number)
  }
  if (widget.kind !== 'float') return value
  const { min, max, step } = widget
  const number = Number(
    ((asNumber(value) ?? 0) + step * steps).toFixed(Math.max(decimals(step), decimals(asNumber(value) ?? 0))),
  )
  return Math.min(max, Math.max(min, number))
}

/** Returns how many digits a number has behind the point, at most 10. */
export function decimals(number: number): number {
  const [, digits = ''] = number.toFixed(10).replace(/0+$/, '').split('.')
  return digits.length
}
