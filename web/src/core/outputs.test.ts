import { describe, expect, it } from 'vitest'
import { columnsOf, shownOf } from './outputs'

const file = (filename: string) => ({ filename, subfolder: '', type: 'output' })

describe('what a node shows', () => {
  it.each([
    [null, [], []],
    [{ text: ['one'] }, [], ['one']],
    [{ images: [file('a')] }, [''], []],
    [{ images: [file('a')], text: ['a text'] }, [''], ['a text']],
    [{ images: [file('a'), file('b')], text: ['a', 'b'] }, ['a', 'b'], []],
    [{ images: [file('a'), file('b')], text: ['both'] }, ['', ''], ['both']],
  ])('%j', (output, captions, texts) => {
    const shown = shownOf(output)
    expect(shown.pictures.map((one) => one.caption)).toEqual(captions)
    expect(shown.texts).toEqual(texts)
  })

  it.each([
    [0, 1],
    [1, 1],
    [2, 2],
    [4, 2],
    [5, 3],
    [9, 3],
    [40, 4],
  ])('%i pictures in %i columns', (count, columns) => expect(columnsOf(count)).toBe(columns))
})
