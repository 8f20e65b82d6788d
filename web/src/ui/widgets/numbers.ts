/** Numbers as they are shown and typed. What may be is the core's to say (`validation.ts`). */

import { asBigInt, asNumber, isNumberText, type Json, whole } from '../../core/json'
import type { WidgetOf } from './props'

type Numeric = WidgetOf<'int'> | WidgetOf<'float'>

/** Returns the text of a number. */
export function shown(widget: Numeric, value: Json | undefined): string {
  if (widget.kind === 'int') return (asBigInt(value) ?? asNumber(value) ?? '').toString()
  const number = asNumber(value)
  if (number === undefined) return ''
  if (isNumberText(value) && /^-?\d+\.\d+$/.test(value.text)) return value.text
  const places = Math.min(8, placesOf(widget.step))
  return Number(number.toFixed(8)).toString().includes('.')
    ? String(number)
    : number.toFixed(Math.min(places, 1))
}

function placesOf(step: number): number {
  const [, fraction = ''] = String(step).split('.')
  return fraction.length
}

/** Returns the number that a text says, wherever it lies; undefined for what is none. */
export function typed(widget: Numeric, text: string): Json | undefined {
  const given = text.trim().replace(',', '.')
  if (widget.kind === 'int')
    return /^[-+]?\d+$/.test(given) ? whole(BigInt(given.replace('+', ''))) : undefined
  if (!/^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(given)) return undefined
  const number = Number(given)
  return Number.isFinite(number) ? number : undefined
}
