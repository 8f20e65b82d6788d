import { expect, it } from 'vitest'
import { type Json, plain } from '../json'
import { readObjectInfo } from '../objectInfo'
import { DEFINITIONS } from '../testdata/documents'
import type { Prompt } from './convert'
import { countedOf, takesPrompt, tokenQuestion } from './tokens'

/** Two types that the templates have no use for. */
const MORE = {
  LoraLoader: {
    input: { required: { model: ['MODEL', {}], clip: ['CLIP', {}], lora_name: [['b.safetensors'], {}] } },
    output: ['MODEL', 'CLIP'],
  },
  EncodePrompt: {
    input: {
      required: {
        text: ['STRING', { multiline: true, dynamicPrompts: true }],
        clip: ['CLIP', {}],
        notation: [['comfyui', 'a1111'], {}],
      },
    },
    output: ['CONDITIONING'],
  },
}
const KNOWN = new Map([...DEFINITIONS, ...readObjectInfo(JSON.stringify(MORE))])

type Inputs = Readonly<Record<string, Json>>

function promptOf(nodes: Readonly<Record<string, readonly [type: string, inputs: Inputs]>>): Prompt {
  return new Map(
    Object.entries(nodes).map(([id, [type, inputs]]) => [
      id,
      new Map<string, Json>([
        ['class_type', type],
        ['inputs', new Map(Object.entries(inputs))],
      ]),
    ]),
  )
}

const LOADER = ['CheckpointLoaderSimple', { ckpt_name: 'a.safetensors' }] as const
const LORA = ['LoraLoader', { clip: ['1', 1], model: ['1', 0], lora_name: 'b.safetensors' }] as const
const asked = (prompt: Prompt, node: string, field: string) => {
  const found = tokenQuestion(prompt, KNOWN, node, field)
  return found && { ...found, loader: plain(found.loader) }
}

const A = { class_type: 'CheckpointLoaderSimple', inputs: { ckpt_name: 'a.safetensors' } }

it('asks about the text with the node that its text encoders are loaded by', () => {
  const prompt = promptOf({
    '1': LOADER,
    '2': LORA,
    '3': ['CLIPSetLastLayer', { clip: ['2', 1], stop_at_clip_layer: -2 }],
    '4': ['CLIPTextEncode', { clip: ['3', 0], text: 'a cat' }],
    '5': ['EncodePrompt', { clip: ['1', 1], text: '[cat]', notation: 'a1111' }],
    '6': ['CLIPTextEncode', { text: 'nobody reads it' }],
  })
  expect(asked(prompt, '4', 'text')).toEqual({ text: 'a cat', syntax: 'comfyui', loader: A })
  expect(asked(prompt, '5', 'text')).toEqual({ text: '[cat]', syntax: 'a1111', loader: A })
  expect(asked(prompt, '6', 'text')).toEqual({ text: 'nobody reads it', syntax: 'comfyui', loader: null })
})

it('does not say whose tokens count where that is not known', () => {
  const prompt = promptOf({
    '1': ['a node from elsewhere', {}],
    '2': ['CLIPTextEncode', { clip: ['1', 0], text: 'a' }],
    '3': ['CLIPSetLastLayer', { clip: ['4', 0], stop_at_clip_layer: -2 }],
    '4': ['CLIPSetLastLayer', { clip: ['3', 0], stop_at_clip_layer: -2 }],
    '5': ['CLIPTextEncode', { clip: ['3', 0], text: 'in a circle' }],
  })
  expect(asked(prompt, '2', 'text')?.loader).toBeNull()
  expect(asked(prompt, '5', 'text')?.loader).toBeNull()
})

it('asks nothing about what is no prompt', () => {
  const prompt = promptOf({
    '1': LOADER,
    '2': ['CLIPTextEncode', { clip: ['1', 1], text: ['3', 0] }],
    '3': ['SaveImage', { filename_prefix: 'a' }],
  })
  for (const [node, field] of [
    ['1', 'ckpt_name'],
    ['2', 'text'],
    ['3', 'filename_prefix'],
    ['9', 'text'],
  ] as const)
    expect(tokenQuestion(prompt, KNOWN, node, field)).toBeNull()
})

it('knows every prompt of nodes that encode text', () => {
  const encoders = [...KNOWN.values()].filter(({ inputs }) => inputs.some((one) => one.type === 'CLIP'))
  const found = encoders.flatMap(({ type, inputs }) => (inputs.some(takesPrompt) ? [type] : []))
  expect(found).toEqual(expect.arrayContaining(['CLIPTextEncode', 'CLIPTextEncodeSDXL', 'EncodePrompt']))
})

it.each([
  [{ tokens: 80, chunks: 2, chunk_size: 75, vocabulary: 'model' }, LOADER, [80, 150, 2, 'model']],
  [{ tokens: 3, chunks: 1, chunk_size: 75, vocabulary: 'clip' }, LOADER, [3, 75, 1, 'clip']],
  [{ tokens: 3, chunks: 1, chunk_size: 75, vocabulary: 'clip' }, null, [3, 75, 1, 'unknown']],
  [{ tokens: null, chunks: null, chunk_size: 75, vocabulary: null }, LOADER, null],
] as const)('shows %j', (told, loader, shown) => {
  const counted = countedOf(told, { text: '', syntax: 'comfyui', loader: loader && new Map() })
  expect(counted && [counted.tokens, counted.room, counted.chunks, counted.vocabulary]).toEqual(shown)
})
