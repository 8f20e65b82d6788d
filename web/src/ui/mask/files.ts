/** Reading the picture and the mask that it has, and saving another. */

import type { FileRef } from '../../core/api/shapes'
import { setValue } from '../../core/commands/nodes'
import { nameOf } from '../../core/inputFiles'
import { createRaster, type Raster, REPAINT } from '../../core/mask/raster'
import { type App, say } from '../../state/app'
import { editTab } from '../../state/editing'
import { readNodes } from '../../state/opening'
import type { MaskTarget } from '../../state/shapes'

export interface Masked {
  /** The address of the picture's colours. */
  readonly url: string
  readonly raster: Raster
}

/** Reads a picture: where it is transparent it is to be made anew. Raises Error where it is none. */
export async function readMasked(app: App, file: FileRef): Promise<Masked> {
  const url = app.api.viewUrl(file, { channel: 'rgb' })
  const [picture, mask] = await Promise.all([
    loaded(app, file, url),
    loaded(app, file, app.api.viewUrl(file, { channel: 'a' })),
  ])
  const { naturalWidth: width, naturalHeight: height } = picture
  const raster = createRaster(width, height)
  const context = canvasOf(raster)
  context.drawImage(mask, 0, 0)
  const { data } = context.getImageData(0, 0, width, height)
  for (let at = 0; at < raster.values.length; at += 1) {
    raster.values[at] = REPAINT - (data[at * 4 + 3] ?? REPAINT)
  }
  return { url, raster }
}

/** Saves a mask beside its picture, and lets the node load that. */
export async function saveMask(
  app: App,
  { tab, graph, node, field, file, folder }: MaskTarget,
  raster: Raster,
): Promise<void> {
  const made = await app.api.uploadMask(await pngOf(raster), maskName(file.filename), file)
  const { name, subfolder, type } = made
  await readNodes(app) // so that the new file is among the choices
  const value = nameOf({ filename: name, subfolder, type }, folder)
  editTab(app, tab, say(app, 'mask.edited'), (place) => setValue({ ...place, graph }, node, field, value))
}

/** Returns what a picture with a mask is called: the same for one that has had a mask before. */
export function maskName(filename: string): string {
  return `${filename.replace(/\.\w+$/, '').replace(/-mask( \(\d+\))?$/, '')}-mask.png`
}

async function loaded(app: App, { filename }: FileRef, url: string): Promise<HTMLImageElement> {
  const image = new Image()
  image.src = url
  await image.decode().catch(() => {
    throw new Error(say(app, 'mask.unreadable', { name: filename }))
  })
  return image
}

/** A picture that is transparent where it is to be made anew. */
async function pngOf(raster: Raster): Promise<Blob> {
  const { width, height, values } = raster
  const context = canvasOf(raster)
  const picture = context.createImageData(width, height)
  for (let at = 0; at < values.length; at += 1) picture.data[at * 4 + 3] = REPAINT - (values[at] ?? 0)
  context.putImageData(picture, 0, 0)
  return new Promise((resolve, reject) =>
    context.canvas.toBlob(
      (blob) => (blob === null ? reject(new Error(`${width}x${height}`)) : resolve(blob)),
      'image/png',
    ),
  )
}

function canvasOf({ width, height }: Raster): CanvasRenderingContext2D {
  const canvas = Object.assign(document.createElement('canvas'), { width, height })
  const context = canvas.getContext('2d', { willReadFrequently: true })
  if (context === null) throw new Error(`this browser has no canvas of ${width}x${height} pixels`)
  return context
}
