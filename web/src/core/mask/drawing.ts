/** A mask that is drawn: strokes, fills, and taking them back. */

import { fill } from './filling'
import { type Area, cut, invert, isEmpty, NOWHERE, paste, type Raster, REPAINT, wholeOf } from './raster'
import { type Brush, beginStroke, type Dab, type Stroke } from './stroke'

/** All that steps may take of memory, in bytes; the oldest are forgotten then. */
const MOST_BYTES = 256 * 1024 * 1024

/** What one step changed. */
interface Step {
  readonly area: Area
  readonly before: Uint8ClampedArray<ArrayBuffer>
  readonly after: Uint8ClampedArray<ArrayBuffer>
}

/** Everything that changes the mask returns where. */
export interface Drawing {
  readonly raster: Raster
  /** Puts the brush down; a stroke that was begun before is ended. */
  readonly begin: (brush: Brush, dab: Dab) => Area
  /** Goes on with a stroke; nothing where none was begun. */
  readonly to: (dab: Dab) => Area
  readonly end: () => void
  /** Takes back the stroke that was begun. */
  readonly drop: () => Area
  readonly fill: (x: number, y: number) => Area
  readonly invert: () => Area
  readonly clear: () => Area
  readonly undo: () => Area
  readonly redo: () => Area
  readonly canUndo: () => boolean
  readonly canRedo: () => boolean
  /** Whether it is another than it was at first. */
  readonly isChanged: () => boolean
}

export function createDrawing(raster: Raster, mostBytes = MOST_BYTES): Drawing {
  const past: Step[] = []
  const future: Step[] = []
  let forgotten = false
  let stroke: { readonly made: Stroke; readonly before: Uint8ClampedArray<ArrayBuffer> } | null = null

  /** Keeps a step, given what all of the mask was before it. */
  function keep(area: Area, before: Raster): void {
    if (isEmpty(area)) return
    past.push({ area, before: cut(before, area), after: cut(raster, area) })
    future.length = 0
    let bytes = past.reduce((sum, step) => sum + step.before.length * 2, 0)
    while (bytes > mostBytes && past.length > 1) {
      bytes -= (past.shift()?.before.length ?? 0) * 2
      forgotten = true
    }
  }
  function whole(change: () => Area | undefined): Area {
    end()
    const before = { ...raster, values: raster.values.slice() }
    const area = change() ?? wholeOf(raster)
    keep(area, before)
    return area
  }
  function end(): void {
    if (stroke === null) return
    const { made, before } = stroke
    stroke = null
    keep(made.touched(), { ...raster, values: before })
  }
  function drop(): Area {
    if (stroke === null) return NOWHERE
    const { made, before } = stroke
    stroke = null
    const area = made.touched()
    paste(raster, area, cut({ ...raster, values: before }, area))
    return area
  }
  function step(from: Step[], to: Step[], side: 'before' | 'after'): Area {
    end()
    const found = from.pop()
    if (found === undefined) return NOWHERE
    paste(raster, found.area, found[side])
    to.push(found)
    return found.area
  }
  return {
    raster,
    begin(brush, dab) {
      end()
      stroke = { before: raster.values.slice(), made: beginStroke(raster, brush) }
      return stroke.made.to(dab)
    },
    to: (dab) => stroke?.made.to(dab) ?? NOWHERE,
    end,
    drop,
    fill: (x, y) => whole(() => fill(raster, x, y)),
    invert: () => whole(() => void invert(raster)),
    clear: () => whole(() => void raster.values.fill(REPAINT - REPAINT)),
    undo: () => step(past, future, 'before'),
    redo: () => step(future, past, 'after'),
    canUndo: () => past.length > 0,
    canRedo: () => future.length > 0,
    isChanged: () => forgotten || past.length > 0,
  }
}
