import { describe, expect, it } from 'vitest'
import { changedBoxes, changedGraphs, wayToGraph } from './changes'
import { addNode } from './commands/create'
import { removeNodes } from './commands/links'
import { boxOf, moveBy, setTitle } from './commands/nodes'
import { exposeField, renameSubgraph, toSubgraph } from './commands/subgraphs'
import { type Document, graphOf, nodeOf, ROOT } from './document'
import { apply } from './operations'
import { BEGINNING, scene } from './testdata/documents'

// Node 4 in the subgraph "inner", whose instance lies in "outer"; two instances of that.
const inner = toSubgraph(scene(BEGINNING), ['4'], 'inner', () => 'inner')
const once = apply(BEGINNING, inner.ops).document
const outer = toSubgraph(scene(once), [inner.instance], 'outer', () => 'outer')
const twice = apply(once, outer.ops).document
const second = addNode(scene(twice), 'outer', { x: 900, y: 0 })
const document: Document = apply(twice, second.ops).document
const [one, other, within] = [outer.instance, second.node.id, inner.instance]

describe('the way to a graph', () => {
  it.each([
    [ROOT, [one, within], []],
    ['outer', [one, within], [one]],
    ['inner', [one, within], [one, within]],
    ['inner', [other, within], [other, within]],
    ['outer', [], [one]],
    ['inner', [], [one, within]],
    ['inner', ['5'], [one, within]],
    ['inner', ['gone', within], [one, within]],
    ['elsewhere', [one], undefined],
  ])('%s near %j: %j', (graph, near, way) => {
    expect(wayToGraph(document, graph, near)).toEqual(way)
  })
})

describe('what a step changes', () => {
  it.each([
    ['a node', setTitle(scene(document, 'inner'), '4', 't'), ['inner']],
    ['a name', renameSubgraph(document, 'inner', 'n'), ['inner']],
    [
      'a subgraph and where it is used',
      exposeField(scene(document, 'inner'), '4', 'cfg', () => 'i'),
      ['inner', 'outer'],
    ],
    ['what is made a subgraph', toSubgraph(scene(document), ['5'], 'x', () => 'x').ops, [ROOT]],
  ] as const)('%s', (_, ops, graphs) => {
    expect(changedGraphs(ops)).toEqual(graphs)
  })

  it('lies where it is now, or where it was', () => {
    const boxes = (ops: Parameters<typeof apply>[1]) =>
      changedBoxes(ops, ROOT, apply(document, ops).document, document)
    const box = (held: Document, id: string) => boxOf(nodeOf(graphOf(held, ROOT), id))
    const moved = moveBy(scene(document), ['5'], { x: 100, y: 50 })
    expect(boxes(moved)).toEqual([box(apply(document, moved).document, '5')])
    expect(boxes(removeNodes(scene(document), ['6']))).toEqual([box(document, '6')])
    expect(changedBoxes(moved, 'inner', document, document)).toEqual([])
  })
})
