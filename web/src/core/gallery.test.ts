import { expect, it } from 'vitest'
import type { HistoryEntry } from './api/shapes'
import { fileOf, galleryOf } from './gallery'
import { type JsonObject, parseJson } from './json'

it.each([
  ['a.png', { filename: 'a.png', subfolder: '', type: 'output' }],
  ['a.png [output]', { filename: 'a.png', subfolder: '', type: 'output' }],
  ['x/y/a [1].png [output]', { filename: 'a [1].png', subfolder: 'x/y', type: 'output' }],
])('%s is a file', (name, file) => {
  expect(fileOf(name, 'output')).toEqual(file)
})

it('shows pictures alone, with the words of what made them', () => {
  const prompt = parseJson(
    '{"1": {"class_type": "T", "inputs": {"text": "a fox", "in": ["2", 0]}, "_meta": {"title": "no"}}}',
  )
  const image = { filename: 'a.png', subfolder: '', type: 'output' }
  const entry = {
    id: 'j',
    item: { prompt: prompt as JsonObject },
    outputs: { 9: { images: [image] } },
    status: null,
  }
  const history = [entry as unknown as HistoryEntry]
  expect(galleryOf(['a.png', 'b.txt', 'c.webp [output]'], 'output', history)).toEqual([
    { file: image, words: 'T a fox' },
    { file: { ...image, filename: 'c.webp' }, words: '' },
  ])
})
