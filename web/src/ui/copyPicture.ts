/** Pictures for the clipboard: browsers take PNG there and nothing else. */

const PNG = 'image/png'

export async function copyPicture(url: string): Promise<void> {
  const blob = await (await fetch(url)).blob()
  const png = blob.type === PNG ? blob : await asPng(blob)
  await navigator.clipboard.write([new ClipboardItem({ [PNG]: png })])
}

async function asPng(blob: Blob): Promise<Blob> {
  const bitmap = await createImageBitmap(blob)
  const canvas = new OffscreenCanvas(bitmap.width, bitmap.height)
  canvas.getContext('2d')?.drawImage(bitmap, 0, 0)
  return canvas.convertToBlob({ type: PNG })
}
