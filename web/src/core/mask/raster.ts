/** How much of each pixel of a picture is to be made anew: 0 keeps it, 255 repaints it. Changed in place. */

export interface Raster {
  readonly width: number
  readonly height: number
  /** Row by row. */
  readonly values: Uint8ClampedArray<ArrayBuffer>
}

/** A rectangle of pixels; `right` and `bottom` are the first ones outside. */
export interface Area {
  readonly left: number
  readonly top: number
  readonly right: number
  readonly bottom: number
}

export const KEEP = 0
export const REPAINT = 255

export const NOWHERE: Area = { left: 0, top: 0, right: 0, bottom: 0 }

/** Returns a mask that keeps everything. Raises RangeError for sides below 1. */
export function createRaster(width: number, height: number): Raster {
  if (!(width >= 1 && height >= 1)) throw new RangeError(`a mask can't have ${width}x${height} pixels`)
  return { width, height, values: new Uint8ClampedArray(width * height) }
}

export const copyOf = (raster: Raster): Raster => ({ ...raster, values: raster.values.slice() })

export const wholeOf = ({ width, height }: Raster): Area => ({
  left: 0,
  top: 0,
  right: width,
  bottom: height,
})

export const isEmpty = ({ left, top, right, bottom }: Area): boolean => right <= left || bottom <= top

/** Returns the least area around two. */
export function around(one: Area, other: Area): Area {
  if (isEmpty(one)) return other
  if (isEmpty(other)) return one
  return {
    left: Math.min(one.left, other.left),
    top: Math.min(one.top, other.top),
    right: Math.max(one.right, other.right),
    bottom: Math.max(one.bottom, other.bottom),
  }
}

/** Returns the part of an area that lies on a mask. */
export function within({ width, height }: Raster, area: Area): Area {
  const found = {
    left: Math.max(0, Math.floor(area.left)),
    top: Math.max(0, Math.floor(area.top)),
    right: Math.min(width, Math.ceil(area.right)),
    bottom: Math.min(height, Math.ceil(area.bottom)),
  }
  return isEmpty(found) ? NOWHERE : found
}

/** Returns a copy of the values of an area of a mask. */
export function cut({ values, width }: Raster, area: Area): Uint8ClampedArray<ArrayBuffer> {
  const across = area.right - area.left
  const found = new Uint8ClampedArray(across * (area.bottom - area.top))
  for (let y = area.top; y < area.bottom; y += 1) {
    const from = y * width + area.left
    found.set(values.subarray(from, from + across), (y - area.top) * across)
  }
  return found
}

/** Puts values that were cut back into an area. */
export function paste({ values, width }: Raster, area: Area, from: Uint8ClampedArray): void {
  const across = area.right - area.left
  for (let y = area.top; y < area.bottom; y += 1) {
    const row = (y - area.top) * across
    values.set(from.subarray(row, row + across), y * width + area.left)
  }
}

/** Repaints what was kept, and keeps what was repainted. */
export function invert({ values }: Raster): void {
  for (let at = 0; at < values.length; at += 1) values[at] = REPAINT - (values[at] ?? 0)
}
