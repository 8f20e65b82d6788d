/** Fingers on the screen, as the browser gets them from one: it makes taps and long presses of them by itself. */

import type { CDPSession, Locator, Page } from 'playwright-core'

export interface Point {
  readonly x: number
  readonly y: number
}

export interface Fingers {
  /** Puts fingers down, or moves those that are, or takes away those that are not named any more. */
  down(...at: readonly Point[]): Promise<void>
  move(...at: readonly Point[]): Promise<void>
  up(): Promise<void>
  tap(at: Point): Promise<void>
  /** Moves fingers from places to others, in steps as hands do, and takes them away. */
  drag(from: readonly Point[], to: readonly Point[]): Promise<void>
}

const STEPS = 8

export async function fingersOf(page: Page): Promise<Fingers> {
  const session: CDPSession = await page.context().newCDPSession(page)
  const send = (type: 'touchStart' | 'touchMove' | 'touchEnd', at: readonly Point[]) =>
    session.send('Input.dispatchTouchEvent', { type, touchPoints: at.map(({ x, y }, id) => ({ x, y, id })) })
  const fingers: Fingers = {
    async down(...at) {
      // One after the other, as fingers come.
      for (let count = 1; count <= at.length; count += 1) await send('touchStart', at.slice(0, count))
    },
    move: async (...at) => void (await send('touchMove', at)),
    up: async () => void (await send('touchEnd', [])),
    async tap(at) {
      await send('touchStart', [at])
      await send('touchEnd', [])
    },
    async drag(from, to) {
      await fingers.down(...from)
      for (let step = 1; step <= STEPS; step += 1) {
        const part = step / STEPS
        await fingers.move(...from.map((one, finger) => between(one, to[finger] ?? one, part)))
      }
      await fingers.up()
    },
  }
  return fingers
}

const between = (from: Point, to: Point, part: number): Point => ({
  x: from.x + (to.x - from.x) * part,
  y: from.y + (to.y - from.y) * part,
})

/** Returns the middle of something, or another point of it: parts of its width and height. */
export async function pointOf(locator: Locator, across = 0.5, down = 0.5): Promise<Point> {
  const box = await locator.boundingBox()
  if (box === null) throw new Error('it is not there')
  return { x: box.x + box.width * across, y: box.y + box.height * down }
}
