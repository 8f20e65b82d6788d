/** What becomes of seeds and choices from run to run: kept, counted up or down, or drawn anew. */

import type { Widget } from './definitions'
import type { Control } from './fields'
import { asBigInt, type Json, sameJson, whole } from './json'

/** Draws a whole number from 0 to below `bound`, which may be up to 2^64. */
export type Draw = (bound: bigint) => bigint

/** The largest seed that is drawn: other editors write numbers that are exact only so far. */
export const MOST_DRAWN = 2n ** 53n - 1n

/** Draws with a source of random bytes, each number equally likely. */
export function drawFrom(fill: (bytes: Uint8Array<ArrayBuffer>) => unknown): Draw {
  return (bound) => {
    if (bound <= 0n || bound > 2n ** 64n) throw new Error(`can't draw a number below ${bound}`)
    const limit = 2n ** 64n - (2n ** 64n % bound)
    for (;;) {
      const bytes = new Uint8Array(8)
      fill(bytes)
      const found = new DataView(bytes.buffer).getBigUint64(0)
      if (found < limit) return found % bound
    }
  }
}

/** Returns what a field holds for the next run, within its range; what is no number of its kind stays. */
export function nextValue(value: Json, widget: Widget, control: Control, draw: Draw): Json {
  if (control === 'fixed') return value
  if (widget.kind === 'combo') return nextChoice(value, widget.options, control, draw)
  const number = asBigInt(value)
  if (widget.kind !== 'int' || number === undefined) return value
  const { min, max, step } = widget
  switch (control) {
    case 'increment':
      return whole(clamped(number + step, min, max))
    case 'decrement':
      return whole(clamped(number - step, min, max))
    case 'increment-wrap':
      return whole(number + step > max ? min : number + step)
    case 'randomize': {
      const top = max < MOST_DRAWN || min > MOST_DRAWN ? max : MOST_DRAWN
      const bottom = min < 0n && max > 0n ? 0n : min
      return whole(bottom + draw((top - bottom) / step + 1n) * step)
    }
  }
}

function nextChoice(value: Json, options: readonly Json[], control: Control, draw: Draw): Json {
  if (options.length === 0) return value
  const at = options.findIndex((one) => sameJson(one, value))
  const last = options.length - 1
  switch (control) {
    case 'fixed':
      return value
    case 'increment':
      return options[Math.min(at + 1, last)] ?? value
    case 'decrement':
      return options[Math.max(at - 1, 0)] ?? value
    case 'increment-wrap':
      return options[(at + 1) % options.length] ?? value
    case 'randomize':
      return options[Number(draw(BigInt(options.length)))] ?? value
  }
}

function clamped(value: bigint, min: bigint, max: bigint): bigint {
  return value < min ? min : value > max ? max : value
}
