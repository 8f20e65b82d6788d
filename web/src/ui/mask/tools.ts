/** What the hand holds, and the keys of the mask editor: buttons and keyboard read these tables. */

import type { Brush } from '../../core/mask/stroke'
import type { MessageKey } from '../../i18n'
import type { IconName } from '../Icon'

export type Tool = 'brush' | 'eraser' | 'fill'

export interface Hand extends Omit<Brush, 'erases'> {
  readonly tool: Tool
  /** How much of the picture the mask hides while it is drawn, from 0 to 1. */
  readonly cover: number
  readonly colour: Colour
}

export const TOOLS: readonly {
  readonly id: Tool
  readonly title: MessageKey
  readonly icon: IconName
  readonly key: string
}[] = [
  { id: 'brush', title: 'mask.brush', icon: 'brush', key: 'b' },
  { id: 'eraser', title: 'mask.eraser', icon: 'eraser', key: 'e' },
  { id: 'fill', title: 'mask.fill', icon: 'fill', key: 'f' },
]

/** What the mask is shown in, as red, green and blue: one of them is seen on any picture. */
export const COLOURS = {
  red: [255, 59, 92],
  green: [40, 214, 120],
  blue: [64, 132, 255],
  black: [0, 0, 0],
} as const satisfies Readonly<Record<string, readonly [number, number, number]>>
export type Colour = keyof typeof COLOURS

export const SMALLEST = 1
export const LARGEST = 1024

/** Returns a size one step larger or smaller: steps grow with it. */
export function stepped(size: number, up: boolean): number {
  const step = Math.max(1, Math.round(size * 0.12))
  return Math.min(LARGEST, Math.max(SMALLEST, up ? size + step : size - step))
}

/** Sizes on a slider: equal ways are equal factors. */
export const SIZE_STEPS = 100
export const sizeOf = (step: number): number => Math.round(LARGEST ** (step / SIZE_STEPS))
export const sizeStep = (size: number): number =>
  Math.round((SIZE_STEPS * Math.log(size)) / Math.log(LARGEST))

/** Returns what the hand holds at first: a brush that fits the picture. */
export function firstHand(width: number, height: number): Hand {
  const size = Math.min(LARGEST, Math.max(4, Math.round(Math.min(width, height) / 8)))
  return { tool: 'brush', size, hardness: 0.8, opacity: 1, cover: 0.6, colour: 'red' }
}
