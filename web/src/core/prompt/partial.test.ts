import { expect, it } from 'vitest'
import { exposeOutput } from '../commands/borders'
import { addNode } from '../commands/create'
import { toSubgraph } from '../commands/subgraphs'
import { EMPTY_DOCUMENT } from '../document'
import { type JsonObject, parseJson, plain } from '../json'
import { readObjectInfo } from '../objectInfo'
import { apply } from '../operations'
import { DEFINITIONS, scene } from '../testdata/documents'
import { givenBy } from './convert'
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

const none = () => []

it('runs outputs alone as they are', () => {
  expect(partOf(prompt, definitions, ['3'], none)).toEqual({ prompt, targets: ['3'] })
})

it('shows a picture of a node that has one, anything else as text', () => {
  const part = partOf(prompt, definitions, ['1', '2'], none)
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
  expect(partOf(prompt, definitions, ['9'], none)).toBeNull()
  expect(shownAt('3')).toBe('3')
})

it('runs what is inside of an instance, and shows at it what it gives: a picture before anything else', () => {
  const inner = parseJson(
    '{"7:1": {"class_type": "Draw", "inputs": {}}, "7:2": {"class_type": "SaveImage", "inputs": {"images": ["7:1", 1]}}, "70:2": {"class_type": "SaveImage", "inputs": {}}}',
  ) as ReadonlyMap<string, JsonObject>
  const given = [
    { node: '7:1', slot: 0, type: 'LATENT' },
    { node: '7:1', slot: 1, type: 'IMAGE' },
  ]
  const part = partOf(inner, definitions, ['7'], (id) => (id === '7' ? given : []))
  expect(part?.targets).toEqual(['7:2', '7-shown'])
  expect(plain(part?.prompt.get('7-shown') ?? null)).toEqual({
    class_type: 'PreviewImage',
    inputs: { images: ['7:1', 1] },
  })
  expect(shownAt('7-shown')).toBe('7')
})

it('tells what an instance gives, through instances inside of it', () => {
  const { ops, node } = addNode(scene(EMPTY_DOCUMENT), 'EmptyLatentImage', { x: 0, y: 0 })
  const document = apply(EMPTY_DOCUMENT, ops).document
  const first = toSubgraph(scene(document), [node.id], 'inner', () => crypto.randomUUID())
  const once = apply(document, first.ops).document
  const shown = apply(
    once,
    exposeOutput(scene(once, first.subgraph), { node: node.id, slot: 0 }, () => 'a'),
  ).document
  const second = toSubgraph(scene(shown), [first.instance], 'outer', () => crypto.randomUUID())
  const twice = apply(shown, second.ops).document
  const path = `${second.instance}:${first.instance}`
  const given = [{ node: `${path}:${node.id}`, slot: 0, type: 'LATENT' }]
  expect(givenBy(twice, DEFINITIONS, path)).toEqual(given)
  expect(givenBy(twice, DEFINITIONS, second.instance)).toEqual([])
  const end = { node: first.instance, slot: 0 }
  const out = apply(
    twice,
    exposeOutput(scene(twice, second.subgraph), end, () => 'b'),
  ).document
  expect(givenBy(out, DEFINITIONS, second.instance)).toEqual(given)
  expect(givenBy(out, DEFINITIONS, `${path}:${node.id}`)).toEqual([])
})
