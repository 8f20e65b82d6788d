import { expect, it } from 'vitest'
import { type JsonObject, parseJson, plain } from '../json'
import { readObjectInfo } from '../objectInfo'
import { partOf, shownAt } from './partial'

const definitions = readObjectInfo(
  JSON.stringify({
    Draw: { input: { required: {} }, output: ['LATENT', 'IMAGE'], output_node: false },
    Read: { input: { required: {} }, output: ['STRING'], output_node: false },
    SaveImage: { input: { required: {} }, output: [], output_node: true },
    PreviewImage: { input: { required: {} }, output: [], output_node: true },
    PreviewAny: { input: { required: {} }, output: [], output_node: true },
  }),
)
const prompt = parseJson(
  '{"1": {"class_type": "Draw", "inputs": {}}, "2": {"class_type": "Read", "inputs": {}}, "3": {"class_type": "SaveImage", "inputs": {"images": ["1", 1]}}}',
) as ReadonlyMap<string, JsonObject>

it('runs outputs alone as they are', () => {
  expect(partOf(prompt, definitions, ['3'])).toEqual({ prompt, targets: ['3'] })
})

it('shows a picture of a node that has one, anything else as text', () => {
  const part = partOf(prompt, definitions, ['1', '2'])
  expect(part?.targets).toEqual(['1-shown', '2-shown'])
  expect(plain(part?.prompt.get('1-shown') ?? null)).toEqual({
    class_type: 'PreviewImage',
    inputs: { images: ['1', 1] },
  })
  expect(plain(part?.prompt.get('2-shown') ?? null)).toEqual({
    class_type: 'PreviewAny',
    inputs: { source: ['2', 0] },
  })
  expect(part?.targets.map(shownAt)).toEqual(['1', '2'])
})

it('runs nothing where there is nothing to show', () => {
  expect(partOf(prompt, definitions, ['9'])).toBeNull()
  expect(shownAt('3')).toBe('3')
})
