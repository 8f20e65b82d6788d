import { expect, it } from 'vitest'
import { addNode } from './commands/create'
import { toSubgraph } from './commands/subgraphs'
import { EMPTY_DOCUMENT, graphOf } from './document'
import { expose, exposedFields, placeOfId, usualFields } from './exposed'
import { asNumber } from './json'
import { apply } from './operations'
import { DEFINITIONS, scene } from './testdata/documents'

function withSampler() {
  const { ops, node } = addNode(scene(EMPTY_DOCUMENT), 'KSampler', { x: 0, y: 0 })
  return { document: apply(EMPTY_DOCUMENT, ops).document, id: node.id }
}

it('returns the fields that are exposed, with what they hold, in their order', () => {
  const { document, id } = withSampler()
  let exposed = document
  for (const [input, name] of [
    ['steps', 'how long'],
    ['cfg', 'how strict'],
    ['gone', 'nowhere'],
  ] as const) {
    exposed = apply(exposed, expose(exposed, id, input, name)).document
  }
  const found = exposedFields(exposed, DEFINITIONS)
  expect(found.map(({ name, shown }) => [name, shown.field.name, asNumber(shown.value)])).toEqual([
    ['how long', 'steps', 20],
    ['how strict', 'cfg', 8],
  ])
})

it('finds fields inside of subgraphs by the ids that they run under', () => {
  const { document, id } = withSampler()
  const made = toSubgraph(scene(document), [id], 'inner', () => '3f0c0b3e-5c58-4d50-a3e7-0d1f4a3a9f11')
  const packed = apply(document, made.ops).document
  const instance = [...packed.root.nodes.keys()][0] ?? ''
  const [graph] = [...packed.subgraphs.keys()]
  const inner = [...graphOf(packed, graph ?? '').nodes.keys()][0] ?? ''
  expect(placeOfId(packed, `${instance}:${inner}`)).toMatchObject({ graph, node: { type: 'KSampler' } })
  expect(placeOfId(packed, `${instance}:nobody`)).toBeUndefined()
  const exposed = apply(packed, expose(packed, `${instance}:${inner}`, 'steps', 'steps')).document
  expect(exposedFields(exposed, DEFINITIONS).map(({ graph, shown }) => [graph, shown.value])).toEqual([
    [graph, 20],
  ])
})

it('knows the usual ones of a workflow that exposes nothing', () => {
  const { document } = withSampler()
  expect(usualFields(document, DEFINITIONS).map((one) => one.name)).toEqual(['KSampler: seed'])
})
