/** A grid as one picture, with its captions. */

import type { FileRef } from '../../core/api/shapes'
import type { GridRun } from '../../state/shapes'

/** Pixels along the longer edge of a picture in a grid, at most. */
const CELL = 512
const GAP = 8
const FONT = '16px system-ui, sans-serif'
const LINE = 22
const MARGIN = 12
const [PAPER, INK, FAINT] = ['#ffffff', '#1d1f24', '#646a75']

/** Draws a grid; cells without a picture stay empty. */
export async function gridPicture(run: GridRun, urlOf: (file: FileRef) => string): Promise<Blob> {
  const pictures = await Promise.all(
    run.cells.map(async ({ picture }) =>
      picture === null ? null : createImageBitmap(await (await fetch(urlOf(picture))).blob()),
    ),
  )
  const columns = run.axes.at(-1)
  const rows = run.axes.length > 1 ? run.axes[0] : undefined
  const across = columns?.values.length ?? 1
  const down = rows?.values.length ?? 1
  const largest = (of: 'width' | 'height') => Math.max(1, ...pictures.map((one) => one?.[of] ?? 1))
  const scale = Math.min(1, CELL / Math.max(largest('width'), largest('height')))
  const [width, height] = [Math.round(largest('width') * scale), Math.round(largest('height') * scale)]

  const canvas = document.createElement('canvas')
  const pen = canvas.getContext('2d')
  if (pen === null) throw new Error('this browser can draw no pictures')
  pen.font = FONT
  const headings = (columns?.values ?? ['']).map((text) => wrapped(pen, text, width))
  const sides = (rows?.values ?? []).map((text) => wrapped(pen, text, 200))
  const left =
    rows === undefined
      ? 0
      : Math.max(60, ...sides.flat().map((line) => pen.measureText(line).width)) + 2 * MARGIN
  const title = [columns?.label, rows?.label].filter((one) => one !== undefined).join(' × ')
  const top = LINE * (1 + Math.max(1, ...headings.map((lines) => lines.length))) + 2 * MARGIN
  canvas.width = Math.ceil(left + across * (width + GAP) + GAP)
  canvas.height = Math.ceil(top + down * (height + GAP) + GAP)

  pen.fillStyle = PAPER
  pen.fillRect(0, 0, canvas.width, canvas.height)
  pen.font = FONT // changing its size resets the pen
  pen.textBaseline = 'top'
  pen.fillStyle = FAINT
  pen.fillText(title, MARGIN, MARGIN, canvas.width - 2 * MARGIN)
  pen.fillStyle = INK
  headings.forEach((lines, at) => {
    write(pen, lines, left + GAP + at * (width + GAP), MARGIN + LINE)
  })
  sides.forEach((lines, at) => {
    write(pen, lines, MARGIN, top + at * (height + GAP) + height / 2 - (lines.length * LINE) / 2)
  })
  pictures.forEach((one, at) => {
    if (one === null) return
    const [x, y] = [
      left + GAP + (at % across) * (width + GAP),
      top + Math.floor(at / across) * (height + GAP),
    ]
    pen.drawImage(one, x, y, one.width * scale, one.height * scale)
  })
  return new Promise((done, failed) =>
    canvas.toBlob((blob) =>
      blob === null ? failed(new Error('the grid is too large for one picture')) : done(blob),
    ),
  )
}

function write(pen: CanvasRenderingContext2D, lines: readonly string[], x: number, y: number): void {
  lines.forEach((line, at) => {
    pen.fillText(line, x, y + at * LINE)
  })
}

/** Lines that a caption may have. */
const MOST = 4

function wrapped(pen: CanvasRenderingContext2D, text: string, width: number): readonly string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(/\s+/)) {
    const longer = line === '' ? word : `${line} ${word}`
    if (pen.measureText(longer).width <= width || line === '') line = longer
    else {
      lines.push(line)
      line = word
    }
  }
  lines.push(line)
  return lines.length > MOST ? [...lines.slice(0, MOST - 1), `${lines[MOST - 1]}…`] : lines
}
