/** What is done when the page has nothing else to do. */

import type { Idle } from '../state/autosave'

/** Milliseconds after which it is done even so. */
const LATEST = 2000

/** Milliseconds that are taken at once where the browser does not tell when it is idle. */
const SLICE = 8

export const whenIdle: Idle = (act) => {
  if (!('requestIdleCallback' in globalThis)) {
    const timer = setTimeout(() => {
      const end = performance.now() + SLICE
      act(() => end - performance.now())
    })
    return () => clearTimeout(timer)
  }
  const turn = requestIdleCallback(
    (deadline) => act(() => (deadline.didTimeout ? Number.POSITIVE_INFINITY : deadline.timeRemaining())),
    { timeout: LATEST },
  )
  return () => cancelIdleCallback(turn)
}
