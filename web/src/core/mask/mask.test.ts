import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createDrawing, type Drawing } from './drawing'
import { fill } from './filling'
import { copyOf, createRaster, type Raster } from './raster'
import { type Brush, beginStroke, coverOf } from './stroke'

const SHARP: Brush = { size: 4, hardness: 1, opacity: 1, erases: false }
const at = ({ values, width }: Raster, x: number, y: number) => values[y * width + x]
const dab = (x: number, y: number, pressure = 1) => ({ x, y, pressure })

/** Draws a mask as text: one sign for each pixel. */
const drawn = ({ values, width, height }: Raster): readonly string[] =>
  Array.from({ length: height }, (_, y) =>
    [...values.subarray(y * width, (y + 1) * width)]
      .map((value) => (value === 0 ? '.' : value === 255 ? '#' : '+'))
      .join(''),
  )

function rasterOf(rows: readonly string[]): Raster {
  const raster = createRaster(rows[0]?.length ?? 0, rows.length)
  rows.forEach((row, y) => {
    for (const [x, sign] of [...row].entries()) raster.values[y * raster.width + x] = sign === '#' ? 255 : 0
  })
  return raster
}

describe('a stroke', () => {
  it('covers what it passed, and nothing that is further away than the brush', () => {
    const raster = createRaster(40, 12)
    const stroke = beginStroke(raster, { ...SHARP, size: 6 })
    stroke.to(dab(6, 6))
    stroke.to(dab(34, 6))
    expect([at(raster, 20, 6), at(raster, 20, 4), at(raster, 20, 1), at(raster, 20, 10)]).toEqual([
      255, 255, 0, 0,
    ])
    expect(stroke.touched()).toEqual({ left: 2, top: 2, right: 38, bottom: 10 })
  })

  it('marks a pixel once, however often it goes over it', () => {
    const raster = createRaster(20, 20)
    const stroke = beginStroke(raster, { ...SHARP, size: 8, opacity: 0.5 })
    for (let times = 0; times < 5; times += 1) stroke.to(dab(8 + times, 10))
    expect(at(raster, 10, 10)).toBe(128)
    beginStroke(raster, { ...SHARP, size: 8, opacity: 0.5 }).to(dab(10, 10))
    expect(at(raster, 10, 10)).toBe(192)
    beginStroke(raster, { ...SHARP, size: 8, erases: true }).to(dab(10, 10))
    expect(at(raster, 10, 10)).toBe(0)
  })

  it('is as wide as it is pressed, and fades as it is soft', () => {
    const raster = createRaster(60, 40)
    const stroke = beginStroke(raster, { ...SHARP, size: 30 })
    stroke.to(dab(15, 20, 0.1))
    stroke.to(dab(45, 20, 1))
    expect([at(raster, 15, 26), at(raster, 45, 32)]).toEqual([0, 255])
    const covers = [0, 5, 10, 15, 20].map((distance) => coverOf(distance, 20, 0))
    expect(covers.toSorted((one, other) => other - one)).toEqual(covers)
    expect([coverOf(0, 20, 0), coverOf(20.5, 20, 0), coverOf(19, 20, 1)]).toEqual([1, 0, 1])
  })

  it('may leave the picture and come back', () => {
    const raster = createRaster(8, 8)
    const stroke = beginStroke(raster, SHARP)
    stroke.to(dab(-40, -40))
    expect(Math.max(...raster.values)).toBe(0)
    stroke.to(dab(4, 4))
    expect(at(raster, 1, 1)).toBe(255)
  })
})

describe('filling', () => {
  const OUTLINE = ['.......', '.#####.', '.#...#.', '.#.#.#.', '.#...#.', '.#####.', '.......']

  it('stays inside of an outline, or outside of it', () => {
    const inside = rasterOf(OUTLINE)
    expect(fill(inside, 2.5, 2.5)).toEqual({ left: 2, top: 2, right: 5, bottom: 5 })
    expect(drawn(inside)).toEqual([
      '.......',
      '.#####.',
      '.#####.',
      '.#####.',
      '.#####.',
      '.#####.',
      '.......',
    ])
    const outside = rasterOf(OUTLINE)
    fill(outside, 0, 0)
    expect(drawn(outside)).toEqual([
      '#######',
      '#######',
      '##...##',
      '##.#.##',
      '##...##',
      '#######',
      '#######',
    ])
  })

  it('goes nowhere from an outline or from outside of the picture', () => {
    for (const [x, y] of [
      [1, 1],
      [-1, 0],
      [7, 0],
      [0, 7],
    ] as const) {
      const raster = rasterOf(OUTLINE)
      fill(raster, x, y)
      expect(drawn(raster)).toEqual(OUTLINE)
    }
  })

  it('reaches what hangs together and nothing else', () => {
    const picture = fc.array(fc.array(fc.boolean(), { minLength: 6, maxLength: 6 }), {
      minLength: 5,
      maxLength: 5,
    })
    fc.assert(
      fc.property(picture, fc.nat(5), fc.nat(4), (rows, x, y) => {
        const raster = rasterOf(rows.map((row) => row.map((one) => (one ? '#' : '.')).join('')))
        const expected = copyOf(raster)
        const visit = (px: number, py: number): void => {
          if (px < 0 || py < 0 || px > 5 || py > 4 || at(expected, px, py) === 255) return
          expected.values[py * 6 + px] = 255
          for (const [dx, dy] of [
            [1, 0],
            [-1, 0],
            [0, 1],
            [0, -1],
          ] as const)
            visit(px + dx, py + dy)
        }
        visit(x, y)
        fill(raster, x, y)
        expect(drawn(raster)).toEqual(drawn(expected))
      }),
    )
  })
})

/** Leaves out what is as before: some steps change nothing. */
const changesOf = (seen: readonly string[]) => seen.filter((one, at) => one !== seen[at - 1])

describe('a drawing', () => {
  const STEPS: Readonly<Record<string, (drawing: Drawing) => void>> = {
    stroke: (drawing) => {
      drawing.begin({ ...SHARP, opacity: 0.6 }, dab(3, 3))
      drawing.to(dab(12, 9))
      drawing.end()
    },
    fill: (drawing) => drawing.fill(15, 2),
    invert: (drawing) => drawing.invert(),
    clear: (drawing) => drawing.clear(),
  }

  it('takes any steps back, one by one, and does them again', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...Object.keys(STEPS)), { maxLength: 12 }), (names) => {
        const drawing = createDrawing(createRaster(16, 12))
        const look = () => drawn(drawing.raster).join('\n')
        const seen = [look()]
        for (const name of names) {
          STEPS[name]?.(drawing)
          seen.push(look())
        }
        const back = [look()]
        while (drawing.canUndo()) {
          drawing.undo()
          back.unshift(look())
        }
        const again = [look()]
        while (drawing.canRedo()) {
          drawing.redo()
          again.push(look())
        }
        expect(changesOf(back)).toEqual(changesOf(seen))
        expect(changesOf(again)).toEqual(changesOf(seen))
      }),
    )
  })

  it('drops a stroke as if it had not been', () => {
    const drawing = createDrawing(createRaster(16, 12))
    drawing.begin(SHARP, dab(5, 5))
    drawing.to(dab(9, 5))
    expect(drawing.drop()).not.toEqual({ left: 0, top: 0, right: 0, bottom: 0 })
    expect([Math.max(...drawing.raster.values), drawing.canUndo()]).toEqual([0, false])
  })

  it('forgets the oldest steps where there is no room for them', () => {
    const drawing = createDrawing(createRaster(10, 10), 500)
    for (let times = 0; times < 5; times += 1) drawing.invert()
    let steps = 0
    for (; drawing.canUndo(); steps += 1) drawing.undo()
    expect([steps, drawing.isChanged()]).toEqual([2, true])
  })
})
