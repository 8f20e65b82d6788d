import { describe, expect, it } from 'vitest'
import { type Document, graphOf, ROOT } from '../document'
import { inside } from '../files/fields'
import { readDocument } from '../files/reading'
import { documentJson } from '../files/writing'
import { type JsonObject, parseJson, plain } from '../json'
import { apply, type Op } from '../operations'
import { BEGINNING, faults, scene } from '../testdata/documents'
import { autoLayout } from './arrange'
import { copyText, paste } from './clipboard'
import { connect, disconnect } from './links'
import { addReroute, removeReroutes, wayTo } from './reroutes'
import { toSubgraph, unpack } from './subgraphs'

// 1 CheckpointLoaderSimple, 2 CLIPTextEncode, 3 EmptyLatentImage, 4 KSampler, 5 VAEDecode
const done = (document: Document, ...commands: readonly ((document: Document) => readonly Op[])[]) =>
  commands.reduce((held, command) => {
    const made = apply(held, command(held)).document
    expect(faults(made)).toEqual([])
    return made
  }, document)
const slot = (id: string, name: string) =>
  BEGINNING.root.nodes.get(id)?.inputs.findIndex((one) => one.name === name) ?? -1
const CLIP = { node: '1', slot: 1 }
const TEXT = { node: '2', slot: slot('2', 'clip') }
const LINKED = done(
  BEGINNING,
  (held) => connect(scene(held), CLIP, TEXT),
  (held) => connect(scene(held), { node: '2', slot: 0 }, { node: '4', slot: slot('4', 'positive') }),
)
const ENDS = { from: { x: 0, y: 0 }, to: { x: 400, y: 0 } }
const at = (x: number) => (held: Document) => addReroute(scene(held), '1', { x, y: 0 }, ENDS).ops
const way = (document: Document, link = '1', graph = ROOT) => {
  const { links, reroutes } = graphOf(document, graph)
  return wayTo(reroutes, links.get(link)?.reroute ?? null).map((one) => one.pos.x)
}

describe('points of a link', () => {
  it.each([
    [[100], [100]],
    [
      [200, 100, 300],
      [100, 200, 300],
    ],
    [
      [300, 200, 100],
      [100, 200, 300],
    ],
    [
      [100, 300, 200],
      [100, 200, 300],
    ],
  ])('put at %j lie in the order of the way', (put, found) => {
    expect(way(done(LINKED, ...put.map(at)))).toEqual(found)
  })

  it('are passed by a link that branches off, and by it alone once the first is gone', () => {
    const led = done(LINKED, at(100), at(200))
    const point = [...led.root.reroutes.keys()][0] ?? ''
    const branched = done(
      led,
      (held) => connect(scene(held), { node: '2', slot: 0 }, { node: '4', slot: slot('4', 'negative') }),
      (held) => connect(scene(held), CLIP, TEXT, point),
    )
    // The new link takes the place of the old one at the same input, and keeps the point that it branched off at.
    expect(branched.root.reroutes.size).toBe(1)
    expect(way(branched, branched.root.nodes.get('2')?.inputs[TEXT.slot]?.link ?? '')).toEqual([100])
    expect(done(branched, (held) => disconnect(scene(held), held.root.links.keys())).root.reroutes.size).toBe(
      0,
    )
  })

  it('go without their links, which keep the rest of the way', () => {
    const led = done(LINKED, at(100), at(200), at(300))
    const middle = [...led.root.reroutes.values()].find((one) => one.pos.x === 200)?.id ?? ''
    const left = done(led, (held) => removeReroutes(scene(held), [middle]))
    expect(way(left)).toEqual([100, 300])
    const none = done(left, (held) => removeReroutes(scene(held), held.root.reroutes.keys()))
    expect([way(none), none.root.links.size]).toEqual([[], LINKED.root.links.size])
  })

  it('go along with the nodes at their ends when these are laid out', () => {
    const led = done(LINKED, at(100))
    const laid = done(led, (held) => autoLayout(scene(held)))
    const by = (id: string) => (laid.root.nodes.get(id)?.pos.x ?? 0) - (led.root.nodes.get(id)?.pos.x ?? 0)
    expect(by('2')).toBeGreaterThan(0)
    expect(way(laid)).toEqual([100 + Math.round((by('1') + by('2')) / 2)])
  })

  it('come along into a subgraph and out of it, and with copies', () => {
    const led = done(LINKED, at(100), at(200))
    const made = toSubgraph(scene(led), ['1', '2'], 'S', () => 'sub')
    const packed = done(led, () => made.ops)
    expect(way(packed, '1', 'sub')).toEqual([100, 200])
    expect(packed.root.reroutes.size).toBe(0)
    const out = done(packed, (held) => unpack(scene(held, ROOT), made.instance))
    expect(out.root.reroutes.size).toBe(2)
    const copied = done(led, (held) => paste(scene(held), copyText(scene(held), ['1', '2'])).ops)
    expect(copied.root.reroutes.size).toBe(4)
    expect(done(led, (held) => paste(scene(held), copyText(scene(held), ['2'])).ops).root.reroutes.size).toBe(
      2,
    )
  })
})

describe('in files', () => {
  it('of version 0.4 they are read as they were written', () => {
    const led = done(LINKED, at(100), at(200))
    const read = readDocument(documentJson(led))
    expect(way(read)).toEqual([100, 200])
    expect(documentJson(read)).toEqual(documentJson(led))
  })

  it('of version 1.0 a new one is counted, and what is not changed stays as it was', () => {
    const text =
      '{"version":1,"state":{"lastNodeId":2,"lastLinkId":1,"lastRerouteId":4},"nodes":[{"id":1,"type":"A","outputs":[{"name":"o","type":"X","links":[1]}]},{"id":2,"type":"B","inputs":[{"name":"i","type":"X","link":1}]}],"links":[{"id":1,"origin_id":1,"origin_slot":0,"target_id":2,"target_slot":0,"type":"X","parentId":4}],"reroutes":[{"id":4,"pos":[100,0],"linkIds":[1],"floating":null}]}'
    const read = readDocument(parseJson(text) as JsonObject)
    expect(plain(documentJson(read))).toEqual(JSON.parse(text))
    const more = done(read, at(300))
    expect(way(more)).toEqual([100, 300])
    const written = documentJson(more)
    expect(plain(inside(written, 'state').get('lastRerouteId') ?? null)).toBe(5)
    expect(plain(written.get('reroutes') ?? null)).toEqual([
      { id: 4, pos: [100, 0], linkIds: [1], floating: null },
      { id: 5, pos: [300, 0], linkIds: [1], parentId: 4 },
    ])
    expect(way(readDocument(written))).toEqual([100, 300])
  })
})
