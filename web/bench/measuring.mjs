/** What is measured of a page, and how it is told. */

/** Milliseconds of a frame at 60 a second. */
const FRAME = 1000 / 60

const sorted = (numbers) => numbers.toSorted((one, other) => one - other)

export const median = (numbers) => sorted(numbers)[Math.floor(numbers.length / 2)] ?? 0

export const pause = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds))

function percentile(numbers, part) {
  return sorted(numbers)[Math.min(numbers.length - 1, Math.floor(numbers.length * part))] ?? 0
}

/** Prints a figure of several rounds beside its goal; null for one that has none. Returns whether it is met. */
export function tell(name, rounds, unit, goal) {
  const [least, middle] = [Math.min(...rounds), median(rounds)].map((one) => one.toFixed(1).padStart(8))
  const met = goal === null ? '' : `  goal ${String(goal).padStart(4)}  ${verdict(rounds, goal)}`
  process.stdout.write(`${name.padEnd(48)}${least}${middle} ${unit.padEnd(2)}${met}`.trimEnd().concat('\n'))
}

function verdict(rounds, goal) {
  if (median(rounds) <= goal) return 'met'
  return Math.min(...rounds) <= goal ? 'met at best' : 'MISSED'
}

export function heading() {
  process.stdout.write(`${''.padEnd(48)}${'least'.padStart(8)}${'median'.padStart(8)}\n`)
}

/** What the main thread does: all of it, and what of that is scripts, and finding out where things lie and how they look. */
const [ALL, RENDERING] = [['TaskDuration'], ['ScriptDuration', 'RecalcStyleDuration', 'LayoutDuration']]

/** Returns what the main thread has computed so far: milliseconds of its own clock, which stands while others run. */
async function busy(session) {
  const { metrics } = await session.send('Performance.getMetrics')
  const sum = (names) =>
    metrics.reduce((found, { name, value }) => found + (names.includes(name) ? value * 1000 : 0), 0)
  return { all: sum(ALL), rendering: sum(RENDERING) }
}

/** Returns a session of the browser's own means, in which `busy` tells what the main thread computes. */
export async function sessionOf(page) {
  const session = await page.context().newCDPSession(page)
  await session.send('Performance.enable', { timeDomain: 'threadTicks' })
  return session
}

/** Does something so many times, at the display's rate; returns the 95th frame and the main thread's part a time. */
export async function measured({ page, session }, times, act) {
  await page.evaluate(() => {
    globalThis.frames = []
    let last = performance.now()
    function frame(now) {
      if (globalThis.frames === null) return
      globalThis.frames.push(now - last)
      last = now
      requestAnimationFrame(frame)
    }
    requestAnimationFrame(frame)
  })
  const from = await busy(session)
  for (let at = 0; at < times; at += 1) {
    const began = performance.now()
    await act(at)
    await pause(Math.max(0, FRAME - (performance.now() - began)))
  }
  const main = ((await busy(session)).all - from.all) / times
  const frames = await page.evaluate(() => {
    const found = globalThis.frames.slice(2)
    globalThis.frames = null
    return found
  })
  return { main, p95: percentile(frames, 0.95), worst: Math.max(...frames) }
}

/** Returns what the main thread computes while something is done, in milliseconds, and what that returns. */
export async function computed({ session }, act) {
  const from = await busy(session)
  const found = await act()
  const to = await busy(session)
  return { all: to.all - from.all, rendering: to.rendering - from.rendering, found }
}

/** Measures several rounds of the same, one after the other. */
export async function rounds(count, measure) {
  const found = []
  for (let round = 0; round < count; round += 1) found.push(await measure(round))
  return found
}
