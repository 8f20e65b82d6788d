import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { GraphNode } from '../document'
import { apply } from '../operations'
import { COMMANDS, madeBy } from '../testdata/documents'
import { createWriter } from './remembering'
import { writeDocument } from './writing'

/** A node that counts how often it is looked at to be written. */
function counted(node: GraphNode, seen: () => void): GraphNode {
  const { type } = node
  return Object.defineProperty({ ...node }, 'type', {
    enumerable: true,
    get() {
      seen()
      return type
    },
  })
}

describe('a writer that remembers', () => {
  it('writes what is written without it, whatever is changed between', { timeout: 120_000 }, () => {
    fc.assert(
      fc.property(COMMANDS, fc.nat(5), (commands, time) => {
        const writer = createWriter()
        for (const document of madeBy(commands)) {
          let left = time
          writer.prepare(document, () => {
            left -= 1
            return left
          })
          expect(writer.text(document)).toBe(writeDocument(document))
        }
      }),
      { numRuns: 40, seed: 1 },
    )
  })

  it('writes a node that did not change once', () => {
    const plain = madeBy(
      Array.from({ length: 12 }, (_, one) => ({ command: 0, one, other: 0, third: 0 })),
    ).at(-1)
    if (plain === undefined) throw new Error('nothing was made')
    let reads = 0
    const ops = [...plain.root.nodes.values()].map((node) => ({
      op: 'node' as const,
      graph: '',
      id: node.id,
      value: counted(node, () => {
        reads += 1
      }),
    }))
    const document = apply(plain, ops).document
    const writer = createWriter()
    writer.text(document)
    const [first] = document.root.nodes.values()
    if (first === undefined) throw new Error('there is no node')
    reads = 0
    const moved = { ...first, type: 'Note', pos: { x: 7, y: 7 } } // spreading it reads it once
    const next = apply(document, [{ op: 'node', graph: '', id: first.id, value: moved }]).document
    expect(writer.text(next)).toBe(
      writeDocument(apply(plain, [{ op: 'node', graph: '', id: first.id, value: moved }]).document),
    )
    expect(reads).toBe(1)
  })
})
