/** How a picture lies on the stage: `x` and `y` of its corner on the screen, and how many pixels there one of it is. */

import type { Point, Size, View } from '../../core/document'

const LEAST = 0.02
const MOST = 32
/** Pixels that are left around a picture that is shown whole. */
const MARGIN = 24

/** Shows all of a picture in the middle; a small one as large as fits. */
export function fitted(picture: Size, stage: Size): View {
  const room = {
    width: Math.max(1, stage.width - 2 * MARGIN),
    height: Math.max(1, stage.height - 2 * MARGIN),
  }
  const scale = boundedScale(Math.min(room.width / picture.width, room.height / picture.height))
  return centred(picture, stage, scale)
}

export function centred(picture: Size, stage: Size, scale: number): View {
  return {
    x: (stage.width - picture.width * scale) / 2,
    y: (stage.height - picture.height * scale) / 2,
    scale,
  }
}

/** Zooms so that what lies under a point of the stage stays there. */
export function zoomed(view: View, factor: number, at: Point): View {
  const scale = boundedScale(view.scale * factor)
  const grown = scale / view.scale
  return { x: at.x - (at.x - view.x) * grown, y: at.y - (at.y - view.y) * grown, scale }
}

export const panned = (view: View, by: Point): View => ({ ...view, x: view.x + by.x, y: view.y + by.y })

/** Returns the point of the picture under a point of the stage. */
export const onPicture = (view: View, { x, y }: Point): Point => ({
  x: (x - view.x) / view.scale,
  y: (y - view.y) / view.scale,
})

/** Moves the view just so far that a point of the picture is seen, with room around. */
export function showing(view: View, stage: Size, point: Point): View {
  const move = (at: number, size: number) =>
    at < MARGIN ? MARGIN - at : at > size - MARGIN ? size - MARGIN - at : 0
  const [x, y] = [view.x + point.x * view.scale, view.y + point.y * view.scale]
  return panned(view, { x: move(x, stage.width), y: move(y, stage.height) })
}

export const boundedScale = (scale: number): number => Math.min(MOST, Math.max(LEAST, scale))
