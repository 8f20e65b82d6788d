/** A mask that is drawn: strokes, fills, and taking them back. */

import { fill } from './filling'
import { type Area, copyOf, cut, invert, isEmpty, KEEP, NOWHERE, paste, type Raster, wholeOf } from './raster'
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
  let stroke: Stroke | null = null

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
    const before = copyOf(raster)
    const area = change() ?? wholeOf(raster)
    keep(area, before)
    return area
  }
  function end(): void {
    if (stroke === null) return
    const { before, touched } = stroke
    stroke = null
    keep(touched(), before)
  }
  function drop(): Area {
    if (stroke === null) return NOWHERE
    const area = stroke.touched()
    paste(raster, area, cut(stroke.before, area))
    stroke = null
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
      stroke = beginStroke(raster, brush)
      return stroke.to(dab)
    },
    to: (dab) => stroke?.to(dab) ?? NOWHERE,
    end,
    drop,
    fill: (x, y) => whole(() => fill(raster, x, y)),
    invert: () => whole(() => void invert(raster)),
    clear: () => whole(() => void raster.values.fill(KEEP)),
    undo: () => step(past, future, 'before'),
    redo: () => step(future, past, 'after'),
    canUndo: () => past.length > 0,
    canRedo: () => future.length > 0,
    isChanged: () => forgotten || past.length > 0,
  }
}
