import { expect, it } from 'vitest'
import { addNode } from './commands/create'
import { setValue } from './commands/nodes'
import { EMPTY_DOCUMENT } from './document'
import { loaderOf, neededModels } from './models'
import { apply } from './operations'
import { DEFINITIONS, scene } from './testdata/documents'

it('names the models that a workflow needs, each once, and which of them are there', () => {
  let document = EMPTY_DOCUMENT
  for (const name of ['inklet.safetensors', 'other.safetensors', 'other.safetensors']) {
    const added = addNode(scene(document), 'CheckpointLoaderSimple', { x: 0, y: 0 })
    document = apply(document, added.ops).document
    const field = { name: 'ckpt_name', holder: null }
    document = apply(document, setValue(scene(document), added.node.id, field, name)).document
  }
  document = apply(document, addNode(scene(document), 'LoadImage', { x: 0, y: 0 }).ops).document
  const found = neededModels(document, DEFINITIONS).map(({ name, present }) => [name, present])
  const [options] = [...(DEFINITIONS.get('CheckpointLoaderSimple')?.inputs ?? [])].map((one) =>
    one.widget?.kind === 'combo' ? one.widget.options : [],
  )
  expect(found).toEqual([
    ['inklet.safetensors', options?.includes('inklet.safetensors')],
    ['other.safetensors', false],
  ])
})

it.each([
  ['checkpoints', 'any.safetensors', { type: 'CheckpointLoaderSimple', field: 'ckpt_name' }],
  ['nothing', 'nowhere.bin', undefined],
])('knows what loads a model of %s', (folder, name, loader) => {
  expect(loaderOf(DEFINITIONS, folder, name)).toEqual(loader)
})
