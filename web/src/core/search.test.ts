import { expect, test } from 'vitest'
import type { NodeDefinition } from './definitions'
import { readObjectInfo } from './objectInfo'
import { distance, search, searchIndex } from './search'
import { DEFINITIONS } from './testdata/documents'
import { compatible, type Port } from './types'

const INDEX = searchIndex(DEFINITIONS)
const titleOf = (type: string) => DEFINITIONS.get(type)?.title ?? ''
const first = (query: string, from?: Port) => search(INDEX, query, from).map((one) => one.definition.type)

test.each([
  ['ksampler', 'KSampler'],
  ['KSampler', 'KSampler'],
  ['sampler adv', 'KSamplerAdvanced'],
  ['load check', 'CheckpointLoaderSimple'],
  ['clip text', 'CLIPTextEncode'],
  ['vae dec', 'VAEDecode'],
  ['samlper', 'KSampler'],
  ['kspl', 'KSampler'],
  ['note', 'Note'],
  ['empty latent', 'EmptyLatentImage'],
])('%j finds %s first', (query, type) => {
  expect(first(query)[0]).toBe(type)
})

test.each([
  [{ side: 'output', type: 'LATENT' }, ['VAEDecode', 'KSampler']],
  [{ side: 'output', type: 'IMAGE' }, ['SaveImage', 'VAEEncode']],
  [{ side: 'output', type: 'CLIP' }, ['CLIPTextEncode']],
  [{ side: 'input', type: 'MODEL' }, ['CheckpointLoaderSimple']],
] as const)(
  'a link from %o into the void offers %j before all, and what takes anything last',
  (from, likely) => {
    const hits = search(INDEX, '', from)
    expect(hits.slice(0, likely.length).map((one) => one.definition.type)).toEqual(likely)
    const takesAll = hits.map(
      ({ definition, slot }) =>
        (from.side === 'output' ? definition.inputs : definition.outputs)[slot]?.type === '*',
    )
    expect(takesAll).toContain(true)
    expect(takesAll.lastIndexOf(false)).toBeLessThan(takesAll.indexOf(true))
  },
)

test('guesses are offered only where nothing is written like that', () => {
  expect(first('vae enc').filter((type) => !type.startsWith('VAE'))).toEqual([])
  expect(first('')).toEqual([...first('')].sort((one, other) => titleOf(one).localeCompare(titleOf(other))))
})

test('all words must be found, and nothing is found for what is nowhere', () => {
  expect(first('ksampler zebra')).toEqual([])
  expect(first('')).toHaveLength(DEFINITIONS.size)
})

test.each([
  [{ side: 'output', type: 'LATENT' }, 'vae', 'VAEDecode'],
  [{ side: 'input', type: 'CONDITIONING' }, '', 'CLIPTextEncode'],
  [{ side: 'input', type: 'MODEL' }, 'load', 'CheckpointLoaderSimple'],
] as const)('dragged from %o, %j offers %s, with the port that fits', (from, query, type) => {
  const hits = search(INDEX, query, from)
  expect(hits.map((one) => one.definition.type)).toContain(type)
  for (const { definition, slot } of hits) {
    const port = (from.side === 'output' ? definition.inputs : definition.outputs)[slot]
    expect(port && compatible(port.type, from.type), definition.type).toBe(true)
  }
})

test.each([
  ['MODEL', 'MODEL', true],
  ['model', 'MODEL', true],
  ['MODEL', 'CLIP', false],
  ['*', 'CLIP', true],
  ['INT,FLOAT', 'FLOAT', true],
  ['INT, FLOAT', 'STRING,INT', true],
  ['INT,FLOAT', 'STRING', false],
])('%s and %s fit: %s', (one, other, fits) => {
  expect(compatible(one, other)).toBe(fits)
  expect(compatible(other, one)).toBe(fits)
})

test.each([
  ['', 'abc', 3],
  ['abc', 'acb', 1],
  ['kitten', 'sitting', 3],
])('from %j to %j it takes %s changes', (one, other, steps) => {
  expect(distance(one, other)).toBe(steps)
})

test('/object_info is read in all its forms', () => {
  const info = {
    Node: {
      input: {
        required: {
          seed: ['INT', { default: 5, min: 0, max: 10 }],
          old: [['a', 'b'], {}],
          combo: ['COMBO', { options: ['x', 'y'], default: 'y', multiselect: false }],
          forced: ['INT', { forceInput: true }],
          socket: ['MODEL'],
          image: [['a.png'], { image_upload: true }],
          either: ['INT,FLOAT', {}],
        },
        optional: {
          text: ['STRING', { multiline: true, dynamicPrompts: true }],
          flag: ['BOOLEAN', { default: true, label_on: 'yes' }],
        },
        hidden: { prompt: 'PROMPT' },
      },
      input_order: {
        required: ['socket', 'seed', 'old', 'combo', 'forced', 'image', 'either'],
        optional: ['text', 'flag'],
      },
      output: ['IMAGE', ['p', 'q']],
      output_name: ['picture', 'kind'],
      name: 'Node',
      display_name: null,
      category: 'a/b',
      output_node: true,
    },
  }
  const read = readObjectInfo(JSON.stringify(info).replace('"max":10', '"max":18446744073709551615'))
  const node = read.get('Node') as NodeDefinition
  const about = node.inputs.map((one) => [
    one.name,
    one.type,
    one.widget?.kind ?? null,
    one.initial,
    one.required,
  ])
  expect(about).toEqual([
    ['socket', 'MODEL', null, undefined, true],
    ['seed', 'INT', 'int', 5, true],
    ['old', 'COMBO', 'combo', 'a', true],
    ['combo', 'COMBO', 'combo', 'y', true],
    ['forced', 'INT', null, undefined, true],
    ['image', 'COMBO', 'combo', 'a.png', true],
    ['either', 'INT,FLOAT', null, undefined, true],
    ['text', 'STRING', 'text', undefined, false],
    ['flag', 'BOOLEAN', 'boolean', true, false],
  ])
  expect(node.inputs[1]?.widget).toMatchObject({ max: 18446744073709551615n, control: true })
  expect(node.inputs[5]?.widget).toMatchObject({ upload: 'image', folder: 'input', files: true })
  expect([node.title, node.isOutput, node.outputs.map((one) => `${one.name} ${one.type}`)]).toEqual([
    'Node',
    true,
    ['picture IMAGE', 'kind COMBO'],
  ])
})
