import { describe, expect, it } from 'vitest'
import { graphOf, nodeOf, ROOT } from '../document'
import { apply } from '../operations'
import { BEGINNING, faults, scene } from '../testdata/documents'
import { exposeInput, exposeOutput, hideOutput } from './borders'
import { NO_PLACES, placeAll, withContents } from './placing'
import { toSubgraph } from './subgraphs'

let last = 0
const newId = () => {
  last += 1
  return `id-${last}`
}

const made = toSubgraph(scene(BEGINNING), [...BEGINNING.root.nodes.keys()].slice(0, 3), 'Some', newId)
const inside = apply(BEGINNING, made.ops).document
const at = { ...scene(inside), graph: made.subgraph }

describe('ports of a subgraph', () => {
  it('leads an output out, on all instances, and takes it back with its links', () => {
    const inner = [...graphOf(inside, made.subgraph).nodes.values()].find((node) => node.outputs.length > 0)
    if (inner === undefined) throw new Error('no inner node has an output')
    const before = nodeOf(inside.root, made.instance).outputs
    const shown = apply(inside, exposeOutput(at, { node: inner.id, slot: 0 }, newId)).document
    const outputs = nodeOf(shown.root, made.instance).outputs
    expect(outputs.length).toBe(before.length + 1)
    expect(faults(shown)).toEqual([])
    const name = outputs.at(-1)?.name ?? ''
    const hidden = apply(shown, hideOutput({ ...at, document: shown }, name)).document
    expect(nodeOf(hidden.root, made.instance).outputs).toEqual(before)
    expect(faults(hidden)).toEqual([])
  })

  it('keeps the other outputs linked when one before them goes', () => {
    const inner = [...graphOf(inside, made.subgraph).nodes.values()].find((node) => node.outputs.length > 0)
    const end = { node: inner?.id ?? '', slot: 0 }
    const one = apply(inside, exposeOutput(at, end, newId)).document
    const two = apply(one, exposeOutput({ ...at, document: one }, end, newId)).document
    const [first, second] = nodeOf(two.root, made.instance).outputs
    const hidden = apply(two, hideOutput({ ...at, document: two }, first?.name ?? '')).document
    expect(faults(hidden)).toEqual([])
    const left = nodeOf(hidden.root, made.instance).outputs.map((output) => output.name)
    expect([left.includes(first?.name ?? ''), left.includes(second?.name ?? '')]).toEqual([false, true])
    expect(hidden.subgraphs.get(made.subgraph)?.outputs[0]?.links.length).toBe(1)
  })

  it('leads an input out', () => {
    const inner = [...graphOf(inside, made.subgraph).nodes.values()].find((node) => node.inputs.length > 0)
    if (inner === undefined) throw new Error('no inner node has an input')
    const shown = apply(inside, exposeInput(at, { node: inner.id, slot: 0 }, newId)).document
    expect(faults(shown)).toEqual([])
    expect(nodeOf(shown.root, made.instance).inputs.length).toBe(
      nodeOf(inside.root, made.instance).inputs.length + 1,
    )
  })
})

describe('moving', () => {
  it('takes along what lies in a group, once', () => {
    const [node] = BEGINNING.root.nodes.values()
    if (node === undefined) throw new Error('there is no node')
    const box = { x: node.pos.x - 50, y: node.pos.y - 80, width: 5000, height: 5000 }
    const group = { id: '1', title: '', box, color: null, pinned: false, raw: new Map() }
    const document = apply(BEGINNING, [{ op: 'group', graph: ROOT, id: '1', value: group }]).document
    const there = { x: box.x + 10, y: box.y + 20 }
    const places = withContents(document.root, { ...NO_PLACES, groups: new Map([['1', there]]) })
    expect(places.nodes.get(node.id)).toEqual({ x: node.pos.x + 10, y: node.pos.y + 20 })
    const after = apply(document, placeAll(scene(document), places)).document
    expect(after.root.groups.get('1')?.box).toEqual({ ...box, ...there })
    const own = { ...NO_PLACES, groups: new Map([['1', there]]), nodes: new Map([[node.id, node.pos]]) }
    expect(withContents(document.root, own).nodes.get(node.id)).toEqual(node.pos)
  })
})
