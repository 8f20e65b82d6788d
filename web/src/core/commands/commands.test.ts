import { describe, expect, test } from 'vitest'
import { type Document, type GraphNode, graphOf, ROOT } from '../document'
import { expose, exposedOf } from '../exposed'
import { EMPTY } from '../json'
import { apply, type Op } from '../operations'
import { bypassSlot } from '../prompt/sources'
import { BEGINNING, DEFINITIONS, faults, scene } from '../testdata/documents'
import { shownValues, valuesByName } from '../widgets'
import { align, distribute, ofSameTypes, snapped } from './arrange'
import { copyText, duplicate, paste } from './clipboard'
import { addNode } from './create'
import { connect, connectToField, disconnect, refusal, removeNodes } from './links'
import {
  boxOf,
  createGroup,
  moveGroup,
  nodesInGroup,
  place,
  setValue,
  toggleMode,
  togglePinned,
} from './nodes'
import { fromPrimitive, toPrimitive } from './primitive'
import { exposeField, hideInput, toSubgraph, unpack } from './subgraphs'

// 1 CheckpointLoaderSimple, 2 CLIPTextEncode, 3 EmptyLatentImage, 4 KSampler, 5 VAEDecode, 6 IntMath
const done = (document: Document, ...commands: readonly ((document: Document) => readonly Op[])[]) =>
  commands.reduce((held, command) => {
    const { document: made } = apply(held, command(held))
    expect(faults(made)).toEqual([])
    return made
  }, document)
const slot = (document: Document, id: string, name: string) =>
  document.root.nodes.get(id)?.inputs.findIndex((one) => one.name === name) ?? -1
const link = (from: string, output: number, to: string, input: string) => (document: Document) =>
  connect(scene(document), { node: from, slot: output }, { node: to, slot: slot(document, to, input) })
const wires = (document: Document, graph = ROOT) =>
  [...graphOf(document, graph).links.values()]
    .map((one) => `${one.origin}.${one.originSlot}>${one.target}.${one.targetSlot}`)
    .sort()
const value = (document: Document, id: string, name: string) => {
  const node = document.root.nodes.get(id)
  return node && valuesByName(document, DEFINITIONS, node).get(name)
}
const LINKED = done(
  BEGINNING,
  link('1', 1, '2', 'clip'),
  link('1', 0, '4', 'model'),
  link('2', 0, '4', 'positive'),
  link('3', 0, '4', 'latent_image'),
  link('4', 0, '5', 'samples'),
  link('1', 2, '5', 'vae'),
)

describe('links', () => {
  test.each([
    ['1', 0, '4', 'model', null],
    ['1', 1, '4', 'model', 'type'],
    ['4', 0, '4', 'latent_image', 'self'],
    ['9', 0, '4', 'model', 'missing'],
  ] as const)('%s.%s to %s.%s: %s', (from, output, to, input, why) => {
    const target = { node: to, slot: slot(LINKED, to, input) }
    expect(refusal(scene(LINKED), { node: from, slot: output }, target)).toBe(why)
    if (why !== null) expect(() => connect(scene(LINKED), { node: from, slot: output }, target)).toThrow(why)
  })

  test('a circle is refused', () => {
    const twice = done(
      BEGINNING,
      (held) => addNode(scene(held), 'LatentComposite', { x: 0, y: 0 }).ops,
      link('7', 0, '4', 'latent_image'),
    )
    expect(refusal(scene(twice), { node: '4', slot: 0 }, { node: '7', slot: 0 })).toBe('cycle')
  })

  test('an input has one link: the newest', () => {
    const again = done(
      LINKED,
      (held) => addNode(scene(held), 'EmptyLatentImage', { x: 0, y: 0 }).ops,
      link('7', 0, '4', 'latent_image'),
    )
    expect(wires(again)).toContain(`7.0>4.${slot(again, '4', 'latent_image')}`)
    expect(wires(again)).not.toContain(`3.0>4.${slot(again, '4', 'latent_image')}`)
  })

  test('removing nodes heals what they would have passed on, unless told otherwise', () => {
    const rerouted = done(
      LINKED,
      (held) => addNode(scene(held), 'Reroute', { x: 0, y: 0 }).ops,
      (held) => connect(scene(held), { node: '1', slot: 1 }, { node: '7', slot: 0 }),
      link('7', 0, '2', 'clip'),
    )
    expect(wires(done(rerouted, (held) => removeNodes(scene(held), ['7'])))).toEqual(wires(LINKED))
    expect(wires(done(rerouted, (held) => removeNodes(scene(held), ['7'], false)))).toHaveLength(
      wires(LINKED).length - 1,
    )
    const healed = wires(done(LINKED, (held) => removeNodes(scene(held), ['4'])))
    expect(healed).toContain(`3.0>5.${slot(LINKED, '5', 'samples')}`)
  })

  test('a link on a field makes it an input; without the link its value counts again', () => {
    const set = done(
      LINKED,
      (held) => setValue(scene(held), '4', { name: 'steps', holder: null }, 7),
      (held) => connectToField(scene(held), { node: '6', slot: 0 }, '4', 'steps'),
    )
    const input = set.root.nodes.get('4')?.inputs[slot(set, '4', 'steps')]
    expect(input?.widget).toBe('steps')
    const off = done(set, (held) => disconnect(scene(held), [input?.link ?? '']))
    expect(value(off, '4', 'steps')).toBe(7)
  })
})

describe('what a bypassed node passes on', () => {
  const slot = (type: string) => ({ name: type, type, link: null, widget: null, label: null, raw: EMPTY })
  const node = (inputs: readonly string[], output: string): GraphNode => ({
    ...(BEGINNING.root.nodes.get('1') as GraphNode),
    inputs: inputs.map(slot),
    outputs: [{ name: output, type: output, links: [], label: null, raw: EMPTY }],
  })
  test.each([
    [['MODEL', 'IMAGE'], 'IMAGE', 'IMAGE', 'IMAGE'],
    [['IMAGE', 'IMAGE'], 'IMAGE', 'IMAGE', 'IMAGE'],
    [['MODEL', 'IMAGE,MASK', 'image'], 'IMAGE', 'IMAGE', 'image'],
    [['MODEL', 'IMAGE,MASK'], 'IMAGE', 'IMAGE', 'IMAGE,MASK'],
    [['MODEL', 'CLIP'], 'IMAGE', 'IMAGE', undefined],
    [['MODEL', 'CLIP'], 'IMAGE', '*', 'MODEL'],
  ])('of %j at an output %s to an input %s is %s', (inputs, output, wanted, passed) => {
    expect(bypassSlot(node(inputs, output), 0, wanted)?.type).toBe(passed)
  })
})

test('exposing an input replaces its name, and leaves others of the same name alone', () => {
  const both = done(
    LINKED,
    (held) => expose(held, [{ node: '2', input: 'text' }], 'one'),
    (held) => expose(held, [{ node: '9', input: 'text' }], 'two'),
    (held) => expose(held, [{ node: '2', input: 'text' }], 'new'),
  )
  expect(exposedOf(both).map((one) => `${one.node} ${one.name}`)).toEqual(['2 new', '9 two'])
  const none = done(
    both,
    (held) => expose(held, [{ node: '2', input: 'text' }], null),
    (held) => expose(held, [{ node: '9', input: 'text' }], null),
  )
  expect(none.extra).toEqual(LINKED.extra)
})

describe('nodes and groups', () => {
  test('modes are toggled for all at once', () => {
    const some = done(
      LINKED,
      (held) => toggleMode(scene(held), ['1'], 'muted'),
      (held) => toggleMode(scene(held), ['1', '2'], 'muted'),
    )
    expect(['1', '2'].map((id) => some.root.nodes.get(id)?.mode)).toEqual([2, 2])
    const none = done(some, (held) => toggleMode(scene(held), ['1', '2'], 'muted'))
    expect(['1', '2'].map((id) => none.root.nodes.get(id)?.mode)).toEqual([0, 0])
  })

  test('a group is around its nodes and moves with them, but for pinned ones', () => {
    const spread = done(
      LINKED,
      (held) =>
        place(
          scene(held),
          new Map([
            ['1', { x: 0, y: 0 }],
            ['2', { x: 500, y: 0 }],
            ['3', { x: 5000, y: 0 }],
            ['4', { x: 0, y: 9000 }],
            ['5', { x: 0, y: 5000 }],
            ['6', { x: 9000, y: 0 }],
          ]),
        ),
      (held) => createGroup(scene(held), ['1', '2'], 'G'),
    )
    const group = [...spread.root.groups.values()][0]
    expect(group && nodesInGroup(scene(spread), group)).toEqual(['1', '2'])
    const moved = done(
      spread,
      (held) => togglePinned(scene(held), ['2']),
      (held) => moveGroup(scene(held), group?.id ?? '', { x: 10, y: 20 }),
    )
    expect(['1', '2', '3'].map((id) => moved.root.nodes.get(id)?.pos)).toEqual([
      { x: 10, y: 20 },
      { x: 500, y: 0 },
      { x: 5000, y: 0 },
    ])
    expect(moved.root.groups.get(group?.id ?? '')?.box.x).toBe((group?.box.x ?? 0) + 10)
  })

  test('nodes are aligned by an edge, spread evenly, snapped to a grid', () => {
    const spread = done(LINKED, (held) =>
      place(
        scene(held),
        new Map([
          ['1', { x: 3, y: 0 }],
          ['2', { x: 50, y: 100 }],
          ['3', { x: 20, y: 1000 }],
        ]),
      ),
    )
    const boxes = (document: Document) =>
      ['1', '2', '3'].map((id) => boxOf(document.root.nodes.get(id) as never))
    expect(
      boxes(done(spread, (held) => align(scene(held), ['1', '2', '3'], 'left'))).map((one) => one.x),
    ).toEqual([3, 3, 3])
    const rights = boxes(done(spread, (held) => align(scene(held), ['1', '2', '3'], 'right'))).map(
      (one) => one.x + one.width,
    )
    expect(new Set(rights).size).toBe(1)
    const even = boxes(done(spread, (held) => distribute(scene(held), ['1', '2', '3'], 'down')))
    const gaps = even.slice(1).map((one, at) => one.y - (even[at]?.y ?? 0) - (even[at]?.height ?? 0))
    expect(gaps[0]).toBeCloseTo(gaps[1] ?? 0)
    expect(snapped({ x: 14.9, y: -5.1 }, 10)).toEqual({ x: 10, y: -10 })
    expect(ofSameTypes(scene(LINKED), ['4'])).toEqual(['4'])
  })

  test('a primitive holds a value for a field, and gives it back', () => {
    const with1 = done(
      LINKED,
      (held) => setValue(scene(held), '4', { name: 'seed', holder: null }, 2n ** 60n),
      (held) => toPrimitive(scene(held), '4', 'seed', { x: 0, y: 0 }),
    )
    const primitive = with1.root.nodes.get('7')
    expect(primitive && shownValues(with1, DEFINITIONS, primitive)).toMatchObject([
      { value: 2n ** 60n, field: { input: { name: 'seed' } } },
    ])
    const set = done(
      with1,
      (held) => setValue(scene(held), '7', { name: 'value', holder: null }, 5),
      (held) => fromPrimitive(scene(held), '7'),
    )
    expect(value(set, '4', 'seed')).toBe(5)
    expect(set.root.nodes.has('7')).toBe(false)
  })
})

describe('copies', () => {
  test('links between copied nodes are copied, those from outside only when wanted', () => {
    expect(duplicate(scene(LINKED), ['4', '5']).nodes).toEqual(['7', '8'])
    const plain = done(LINKED, (held) => duplicate(scene(held), ['4', '5']).ops)
    expect(wires(plain).filter((one) => /[78]/.test(one))).toEqual([`7.0>8.${slot(LINKED, '5', 'samples')}`])
    const joined = done(LINKED, (held) => duplicate(scene(held), ['4', '5'], true).ops)
    expect(wires(joined).filter((one) => />[78]/.test(one))).toHaveLength(5)
  })

  test('what is pasted stands where one points, in its arrangement, with the subgraphs it needs', () => {
    const made = toSubgraph(scene(LINKED), ['2', '4'], 'Sub', () => 'sub')
    const source = done(LINKED, () => made.ops)
    const text = copyText(scene(source), [made.instance, '5'])
    const target = apply(BEGINNING, paste(scene(BEGINNING), text, { x: 1000, y: 2000 }).ops).document
    expect(faults(target)).toEqual([])
    expect(target.subgraphs.has('sub')).toBe(true)
    const pasted = [...target.root.nodes.values()].slice(-2).map(boxOf)
    expect([Math.min(...pasted.map((one) => one.x)), Math.min(...pasted.map((one) => one.y))]).toEqual([
      1000, 2000,
    ])
    expect(() => paste(scene(source, 'sub'), text)).toThrow('contain itself')
  })
})

describe('subgraphs', () => {
  const exposed = done(LINKED, (held) => expose(held, [{ node: '2', input: 'text' }], 'prompt'))
  const made = toSubgraph(scene(exposed), ['2', '4'], 'Sub', () => crypto.randomUUID())
  const inside = done(exposed, () => made.ops)
  const instance = (document: Document) => document.root.nodes.get(made.instance)

  test('ports are the links that lead in and out, bundled by where they come from', () => {
    const subgraph = inside.subgraphs.get(made.subgraph)
    expect(subgraph?.inputs.map((one) => `${one.name} ${one.type}`)).toEqual([
      'clip CLIP',
      'model MODEL',
      'latent_image LATENT',
    ])
    expect(subgraph?.outputs.map((one) => `${one.name} ${one.type}`)).toEqual(['LATENT LATENT'])
    expect(wires(inside)).toHaveLength(5)
  })

  test('what is exposed is found at its new path, and at the old one again', () => {
    expect(exposedOf(inside)).toEqual([{ name: 'prompt', node: `${made.instance}:2`, input: 'text' }])
    const again = done(inside, (held) => unpack(scene(held), made.instance))
    const [one] = exposedOf(again)
    expect(again.root.nodes.get(one?.node ?? '')?.type).toBe('CLIPTextEncode')
    expect(again.subgraphs.size).toBe(0)
  })

  test('a shown field belongs to each instance; hidden again, the inner node has its value', () => {
    const second = done(inside, (held) => duplicate(scene(held), [made.instance]).ops)
    const shown = done(second, (held) => exposeField(scene(held, made.subgraph), '4', 'steps', () => 'id'))
    const [one, other] = [...shown.root.nodes.values()].filter((node) => node.type === made.subgraph)
    const set = done(shown, (held) =>
      setValue(scene(held), one?.id ?? '', { name: 'steps', holder: '-1' }, 3),
    )
    expect([value(set, one?.id ?? '', 'steps'), value(set, other?.id ?? '', 'steps')]).toEqual([3, 20])
    const hidden = done(set, (held) => hideInput(scene(held, made.subgraph), 'steps'))
    expect(instance(hidden)?.inputs.map((input) => input.name)).toEqual(
      instance(inside)?.inputs.map((input) => input.name),
    )
    expect(hidden.subgraphs.get(made.subgraph)?.inputs).toEqual(inside.subgraphs.get(made.subgraph)?.inputs)
  })
})
