import { describe, expect, it } from 'vitest'
import { addNode } from '../../core/commands/create'
import { connect } from '../../core/commands/links'
import { setValue } from '../../core/commands/nodes'
import { NO_PLACES } from '../../core/commands/placing'
import { type Document, EMPTY_DOCUMENT, type NodeId, ROOT } from '../../core/document'
import { apply, type Op } from '../../core/operations'
import { DEFINITIONS } from '../../core/testdata/documents'
import { translator } from '../../i18n'
import { NOTHING_SELECTED } from '../../state/tabs'
import { createFlow } from './flow'
import type { FlowInput } from './flowInput'

const COUNT = 40
const t = translator('en')
const scene = (document: Document) => ({ document, definitions: DEFINITIONS, graph: ROOT })

/** Samplers in a chain. */
function chain(): { readonly document: Document; readonly ids: readonly NodeId[] } {
  let document = EMPTY_DOCUMENT
  const change = (ops: readonly Op[]) => {
    document = apply(document, ops).document
  }
  const ids: NodeId[] = []
  for (let at = 0; at < COUNT; at += 1) {
    const made = addNode(scene(document), 'KSampler', { x: at * 400, y: 0 })
    change(made.ops)
    ids.push([...document.root.nodes.keys()].at(-1) ?? '')
  }
  const input =
    document.root.nodes.get(ids[0] ?? '')?.inputs.findIndex((one) => one.name === 'latent_image') ?? 0
  for (const [at, node] of ids.entries()) {
    const next = ids[at + 1]
    if (next !== undefined) change(connect(scene(document), { node, slot: 0 }, { node: next, slot: input }))
  }
  return { document, ids }
}

/** What the canvas is given of a document, and how many nodes and links of that are others than before. */
function drawing() {
  const flow = createFlow()
  const { document: first, ids } = chain()
  let before: readonly unknown[] = []
  function draw(document: Document, more: Partial<FlowInput> = {}): number {
    const { root: graph } = document
    const nodes = flow.nodes({
      document,
      graph,
      subgraph: null,
      definitions: DEFINITIONS,
      selection: NOTHING_SELECTED,
      moved: NO_PLACES,
      measured: new Map(),
      level: 'near',
      t,
      ...more,
    })
    const edges = flow.edges(graph, { chosen: NOTHING_SELECTED.links, reroutes: NO_PLACES.reroutes, t })
    const known = new Set(before)
    before = [...nodes, ...edges]
    return before.filter((one) => !known.has(one)).length
  }
  return { first, second: ids[1] ?? '', ids, draw }
}

describe('what is drawn anew', () => {
  it('is all at first, and nothing of what stays', () => {
    const { first, draw } = drawing()
    expect([draw(first), draw(first)]).toEqual([2 * COUNT - 1, 0])
  })

  it('is one node where a letter or a number is typed; links stay the same list', () => {
    const { first, second, draw } = drawing()
    draw(first)
    const typed = apply(first, setValue(scene(first), second, { name: 'steps', holder: null }, 31)).document
    expect(typed.root.nodes.get(second)).not.toBe(first.root.nodes.get(second))
    expect(draw(typed)).toBe(1)
    expect([typed.root.links, typed.root.reroutes]).toEqual([first.root.links, first.root.reroutes])
    expect(typed.root.links).toBe(first.root.links) // so the list of links is not made at all
    expect(typed.root.reroutes).toBe(first.root.reroutes)
  })

  it('is one node where it is dragged, chosen or measured', () => {
    const { first, second, draw } = drawing()
    draw(first)
    const nodes = new Map([[second, { x: 5, y: 5 }]])
    expect(draw(first, { moved: { ...NO_PLACES, nodes } })).toBe(1)
    expect(draw(first)).toBe(1)
    expect(draw(first, { selection: { ...NOTHING_SELECTED, nodes: new Set([second]) } })).toBe(1)
    expect(draw(first)).toBe(1)
    expect(draw(first, { measured: new Map([[second, { width: 300, height: 400 }]]) })).toBe(1)
  })
})
