/** The mask as it lies over the picture. Only what changes of it is drawn anew. */

import { type RefObject, useEffect, useImperativeHandle, useRef } from 'react'
import { type Area, isEmpty, type Raster, wholeOf } from '../../core/mask/raster'
import { COLOURS, type Colour } from './tools'

export interface LayerHandle {
  readonly draw: (area: Area) => void
}

interface Props {
  readonly raster: Raster
  readonly colour: Colour
  readonly cover: number
  readonly handle: RefObject<LayerHandle | null>
}

export function Layer({ raster, colour, cover, handle }: Props) {
  const canvas = useRef<HTMLCanvasElement>(null)
  useImperativeHandle(handle, () => ({ draw: (area) => draw(canvas.current, raster, area, colour) }))
  useEffect(() => draw(canvas.current, raster, wholeOf(raster), colour), [raster, colour])
  return (
    <canvas
      className="mask-layer"
      ref={canvas}
      width={raster.width}
      height={raster.height}
      style={{ opacity: cover }}
    />
  )
}

function draw(canvas: HTMLCanvasElement | null, { values, width }: Raster, area: Area, colour: Colour): void {
  const context = canvas?.getContext('2d')
  if (!context || isEmpty(area)) return
  const [red, green, blue] = COLOURS[colour]
  const across = area.right - area.left
  const pixels = context.createImageData(across, area.bottom - area.top)
  let to = 0
  for (let y = area.top; y < area.bottom; y += 1) {
    const row = y * width
    for (let x = area.left; x < area.right; x += 1) {
      pixels.data[to] = red
      pixels.data[to + 1] = green
      pixels.data[to + 2] = blue
      pixels.data[to + 3] = values[row + x] ?? 0
      to += 4
    }
  }
  context.putImageData(pixels, area.left, area.top)
}
