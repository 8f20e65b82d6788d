import { describe, expect, it } from 'vitest'
import { addNode } from './commands/create'
import { setValue } from './commands/nodes'
import { exposeField, toSubgraph, unpack } from './commands/subgraphs'
import { type Document, EMPTY_DOCUMENT, graphOf, ROOT } from './document'
import { expose, exposedOf, wayOfId } from './exposed'
import { everyField, exposedFields, usualFields } from './exposedFields'
import { inside } from './files/fields'
import { importPrompt } from './files/importing'
import { readDocument } from './files/reading'
import { documentJson } from './files/writing'
import { asNumber, EMPTY } from './json'
import { apply } from './operations'
import { toPrompt } from './prompt/convert'
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
    exposed = apply(exposed, expose(exposed, [{ node: id, input }], name)).document
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
  const way = wayOfId(packed, `${instance}:${inner}`)
  expect(way?.at(-1)).toMatchObject({ graph, node: { type: 'KSampler' } })
  expect(wayOfId(packed, `${instance}:nobody`)).toBeUndefined()
  const exposed = apply(
    packed,
    expose(packed, [{ node: `${instance}:${inner}`, input: 'steps' }], 'steps'),
  ).document
  expect(exposedFields(exposed, DEFINITIONS).map(({ graph, shown }) => [graph, shown.value])).toEqual([
    [graph, 20],
  ])
})

it('knows the usual ones of a workflow that exposes nothing', () => {
  const { document } = withSampler()
  expect(usualFields(document, DEFINITIONS).map((one) => one.name)).toEqual(['KSampler: seed'])
})

describe('inside of subgraphs', () => {
  // A sampler in a subgraph in a subgraph: "outer:inner:sampler".
  function nested() {
    const { document, id } = withSampler()
    const first = toSubgraph(scene(document), [id], 'inner', () => crypto.randomUUID())
    const once = apply(document, first.ops).document
    const second = toSubgraph(scene(once), [first.instance], 'outer', () => crypto.randomUUID())
    const twice = apply(once, second.ops).document
    return {
      document: twice,
      sampler: `${second.instance}:${first.instance}:${id}`,
      inner: { graph: first.subgraph, node: id },
      middle: { graph: second.subgraph, node: first.instance },
      outer: second.instance,
    }
  }
  const fields = (document: Document) =>
    exposedFields(document, DEFINITIONS).map(({ graph, node, shown }) => [graph, node.id, shown.value])

  it('follows nodes that become a subgraph inside of one, and back', () => {
    const { document, sampler, inner } = nested()
    const exposed = apply(document, expose(document, [{ node: sampler, input: 'steps' }], 'steps')).document
    const made = toSubgraph(scene(exposed, inner.graph), [inner.node], 'more', () => crypto.randomUUID())
    const deeper = apply(exposed, made.ops).document
    const path = sampler.split(':').slice(0, 2).join(':')
    expect(exposedOf(deeper)[0]?.node).toBe(`${path}:${made.instance}:${inner.node}`)
    expect(fields(deeper)).toEqual([[made.subgraph, inner.node, 20]])
    const back = apply(deeper, unpack(scene(deeper, inner.graph), made.instance)).document
    expect(fields(back)).toHaveLength(1)
    expect(exposedOf(back)[0]?.node).toMatch(new RegExp(`^${path}:\\d+$`))
  })

  it('finds the field of the instance that gives the value, however far out', () => {
    const { document, sampler, inner, middle, outer } = nested()
    const exposed = apply(document, expose(document, [{ node: sampler, input: 'steps' }], 'steps')).document
    expect(fields(exposed)).toEqual([[inner.graph, inner.node, 20]])
    const shown = apply(
      exposed,
      exposeField(scene(exposed, inner.graph), inner.node, 'steps', () => 'a'),
    ).document
    expect(fields(shown)).toEqual([[middle.graph, middle.node, 20]])
    const more = apply(
      shown,
      exposeField(scene(shown, middle.graph), middle.node, 'steps', () => 'b'),
    ).document
    expect(fields(more)).toEqual([[ROOT, outer, 20]])
    const [kept] = exposedFields(more, DEFINITIONS)
    const set = apply(
      more,
      setValue(scene(more), outer, kept?.shown.field ?? { name: '', holder: null }, 7),
    ).document
    expect(fields(set)).toEqual([[ROOT, outer, 7]])
    const sent = toPrompt(set, DEFINITIONS, { now: new Date(0), choose: () => 0 }).get(sampler)
    expect(inside(sent ?? EMPTY, 'inputs').get('steps')).toBe(7)
    expect(inside(inside(sent ?? EMPTY, '_meta'), 'exposed').get('steps')).toBe('steps')
  })

  it('lists every field once, where its value is kept', () => {
    const { document, sampler, inner, middle } = nested()
    const listed = (held: Document) =>
      everyField(held, DEFINITIONS).flatMap(({ id, titles, fields: own }) =>
        own
          .filter((one) => one.shown.field.name === 'steps')
          .map((one) => [id, titles.join('/'), one.inputs]),
      )
    const runs = [{ node: sampler, input: 'steps' }]
    expect(listed(document)).toEqual([[sampler, 'outer/inner/KSampler', runs]])
    const shown = apply(
      document,
      exposeField(scene(document, inner.graph), inner.node, 'steps', () => 'a'),
    ).document
    const path = sampler.split(':').slice(0, 2).join(':')
    expect(listed(shown)).toEqual([[path, 'outer/inner', runs]])
    expect(middle.graph).not.toBe(ROOT)
    expect(usualFields(shown, DEFINITIONS).map((one) => one.name)).toEqual(['outer › inner › KSampler: seed'])
  })

  it('survives saving, and sending in API format and reading that again', () => {
    const { document, sampler } = nested()
    const exposed = apply(
      document,
      expose(document, [{ node: sampler, input: 'steps' }], 'how long'),
    ).document
    const read = readDocument(documentJson(exposed))
    expect(exposedFields(read, DEFINITIONS).map((one) => one.name)).toEqual(['how long'])
    const prompt = toPrompt(exposed, DEFINITIONS, { now: new Date(0), choose: () => 0 })
    const back = importPrompt(prompt, DEFINITIONS)
    expect(exposedFields(back, DEFINITIONS).map(({ name, node }) => [name, node.id])).toEqual([
      ['how long', sampler],
    ])
  })
})
