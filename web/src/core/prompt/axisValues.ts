/** What a person types as the values of an axis, as values of its field. */

import type { Widget } from '../definitions'
import { asNumber, type Json, sameJson } from '../json'
import { typedNumber } from '../validation'
import { MOST_CELLS } from './grid'

/** Said for a text that has no values; `part` is what could not be read. */
export class AxisError extends Error {
  readonly part: string

  constructor(part: string) {
    super(`"${part}" is no value of this field`)
    this.name = 'AxisError'
    this.part = part
  }
}

const RANGE = /^(-?[\d.]+)\s*(?:\.\.|…)\s*(-?[\d.]+)(?:\s*\/\s*([\d.]+))?$/

/**
 * Returns the values: numbers parted by commas, blanks or lines, with "1..5" and "1..9/2" for every one or every
 * second number between; lines for texts and choices. Each value once. Raises `AxisError`.
 */
export function axisValues(text: string, widget: Widget): readonly Json[] {
  const found: Json[] = []
  for (const value of valuesIn(text, widget)) {
    if (!found.some((one) => sameJson(one, value))) found.push(value)
  }
  return found
}

function valuesIn(text: string, widget: Widget): readonly Json[] {
  const lines = text.split('\n').filter((line) => line.trim() !== '')
  switch (widget.kind) {
    case 'int':
    case 'float':
      return partsOf(text).flatMap((part) => numbersIn(part, widget))
    case 'text':
      return lines
    case 'boolean':
      return lines.map((line) => truthIn(line.trim(), widget))
    case 'combo':
      return lines.map((line) => {
        const option = widget.options.find((one) => written(one) === line.trim())
        if (option === undefined) throw new AxisError(line.trim())
        return option
      })
  }
}

/** "1 .. 5 / 2" is one part. */
function partsOf(text: string): readonly string[] {
  return text
    .replace(/\s*(\.\.|…|\/)\s*/g, '$1')
    .split(/[\s,;]+/)
    .filter((part) => part !== '')
}

function numbersIn(part: string, widget: Widget): readonly Json[] {
  const range = RANGE.exec(part)
  if (range === null) return [numberIn(part, widget)]
  const [first, last] = [numberIn(range[1] ?? '', widget), numberIn(range[2] ?? '', widget)]
  const [from, to] = [asNumber(first) ?? 0, asNumber(last) ?? 0]
  const step = range[3] === undefined ? 1 : Number(range[3])
  const count = Math.floor(Math.abs(to - from) / step + 1e-9) + 1
  if (!(step > 0) || count > MOST_CELLS) throw new AxisError(part)
  return Array.from({ length: count }, (_, at) =>
    numberIn(String(Number((from + Math.sign(to - from) * step * at).toFixed(10))), widget),
  )
}

function numberIn(text: string, widget: Widget): Json {
  const number = typedNumber(text, widget)
  if (number === undefined) throw new AxisError(text)
  return number
}

function truthIn(text: string, widget: Extract<Widget, { readonly kind: 'boolean' }>): boolean {
  const words = new Map([
    ['true', true],
    ['false', false],
    [widget.on, true],
    [widget.off, false],
  ])
  const found = words.get(text)
  if (found === undefined) throw new AxisError(text)
  return found
}

/** Returns a value as it stands on an axis, and as it is typed for one. */
export function written(value: Json): string {
  if (typeof value === 'string') return value
  return asNumber(value) === undefined || typeof value === 'bigint' ? String(value) : String(asNumber(value))
}

/** Returns what an axis begins with: some values around the one that the field holds. */
export function firstValues(value: Json | undefined, widget: Widget): string {
  switch (widget.kind) {
    case 'int':
    case 'float': {
      const now = asNumber(value) ?? Number(widget.min)
      const step = widget.kind === 'int' && widget.control ? 1 : Math.max(Number(widget.step), 1)
      const near = [now, now + step, now + 2 * step].map((one) => typedNumber(String(one), widget))
      return near.flatMap((one) => (one === undefined ? [] : [written(one)])).join(', ')
    }
    case 'text':
      return value === undefined ? '' : written(value)
    case 'boolean':
      return [widget.off, widget.on].join('\n')
    case 'combo':
      return value === undefined ? '' : written(value)
  }
}
