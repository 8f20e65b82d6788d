/** What must hold whatever one does: laws over random commands on random documents. */

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { copyText, paste } from './commands/clipboard'
import { toSubgraph, unpack } from './commands/subgraphs'
import { EMPTY_DOCUMENT } from './document'
import { readDocument } from './files/reading'
import { type Edited, edit, NO_HISTORY, redo, undo } from './history'
import { EMPTY, type JsonObject, parseJson } from './json'
import { apply } from './operations'
import { toPrompt } from './prompt/convert'
import { sameDocument } from './same'
import {
  BEGINNING,
  COMMANDS,
  DEFINITIONS,
  faults,
  madeBy,
  randomOps,
  scene,
  textOf,
} from './testdata/documents'

/** Milliseconds: they take one or two seconds together, many more on a busy machine. */
const SLOW = { timeout: 120_000 }
const RUNS = { numRuns: 40, seed: 1 }
const moment = { now: new Date(2025, 0, 2), choose: () => 0 }

describe('random commands', SLOW, () => {
  test('applying what an operation gives back restores the document, order included', () => {
    fc.assert(
      fc.property(COMMANDS, (commands) => {
        let document = BEGINNING
        for (const dice of commands) {
          const { document: after, inverse } = apply(document, randomOps(document, dice))
          const back = apply(after, inverse).document
          expect(textOf(back)).toBe(textOf(document))
          expect(back).toEqual(document)
          document = after
        }
      }),
      RUNS,
    )
  })

  test('both ends of every link know of it', () => {
    fc.assert(
      fc.property(COMMANDS, (commands) => {
        for (const document of madeBy(commands)) expect(faults(document)).toEqual([])
      }),
      RUNS,
    )
  })

  test('what is written reads as the same document, and is written the same again', () => {
    fc.assert(
      fc.property(COMMANDS, (commands) => {
        const document = madeBy(commands).at(-1) ?? BEGINNING
        const text = textOf(document)
        const read = readDocument(parseJson(text) as JsonObject)
        expect(textOf(read)).toBe(text)
        expect(faults(read)).toEqual([])
      }),
      RUNS,
    )
  })

  test('undoing all steps leads back to the beginning, redoing them to the end', () => {
    fc.assert(
      fc.property(COMMANDS, fc.boolean(), (commands, joined) => {
        let edited: Edited = { document: BEGINNING, history: NO_HISTORY }
        for (const [time, dice] of commands.entries()) {
          const merge = joined && time % 3 > 0 ? { merge: 'typing' } : {}
          edited = edit(edited, randomOps(edited.document, dice), { label: 'x', time, ...merge })
        }
        const end = textOf(edited.document)
        const { lastNodeId, lastLinkId } = BEGINNING
        if (sameDocument(edited.document, BEGINNING))
          expect(textOf({ ...edited.document, lastNodeId, lastLinkId })).toBe(textOf(BEGINNING))
        else expect(end).not.toBe(textOf(BEGINNING))
        const steps = edited.history.past.length
        for (let number = 0; number < steps; number += 1) edited = undo(edited)
        expect(textOf(edited.document)).toBe(textOf(BEGINNING))
        expect(sameDocument(edited.document, BEGINNING)).toBe(true)
        for (let number = 0; number < steps; number += 1) edited = redo(edited)
        expect(textOf(edited.document)).toBe(end)
      }),
      RUNS,
    )
  })
})

describe('what is run stays the same', SLOW, () => {
  /** A prompt with its nodes called by what they are and get, not by their ids. */
  function shape(document: Parameters<typeof toPrompt>[0]): readonly string[] {
    const prompt = toPrompt(document, DEFINITIONS, moment)
    const named = new Map<string, string>()
    function nameOf(id: string): string {
      const known = named.get(id)
      if (known !== undefined) return known
      const inputs = [...inputsOf(prompt.get(id))].map(([name, given]) =>
        Array.isArray(given)
          ? `${name}<-${nameOf(String(given[0]))}.${given[1]}`
          : `${name}=${JSON.stringify(given, bigints)}`,
      )
      const name = `${prompt.get(id)?.get('class_type')}(${inputs.sort().join()})`
      named.set(id, name)
      return name
    }
    return [...prompt.keys()].map(nameOf).sort()
  }
  const inputsOf = (node: JsonObject | undefined) => (node?.get('inputs') ?? EMPTY) as JsonObject
  const bigints = (_: string, value: unknown) => (typeof value === 'bigint' ? String(value) : value)

  test('when nodes become a subgraph, and when that is taken apart', () => {
    fc.assert(
      fc.property(COMMANDS, fc.nat(255), (commands, chosen) => {
        const document = madeBy(commands).at(-1) ?? BEGINNING
        const ids = [...document.root.nodes.values()].filter(
          ({ type }, at) => (chosen >> (at % 8)) % 2 === 1 && type !== 'PrimitiveNode',
        )
        if (ids.length === 0) return
        const made = toSubgraph(
          scene(document),
          ids.map((node) => node.id),
          'S',
          () => crypto.randomUUID(),
        )
        const inside = apply(document, made.ops).document
        expect(shape(inside)).toEqual(shape(document))
        const again = apply(inside, unpack(scene(inside), made.instance)).document
        expect(shape(again)).toEqual(shape(document))
        expect(faults(again)).toEqual([])
      }),
      RUNS,
    )
  })

  test('when all of it is copied to another document', () => {
    fc.assert(
      fc.property(COMMANDS, (commands) => {
        const document = madeBy(commands).at(-1) ?? BEGINNING
        const text = copyText(scene(document), document.root.nodes.keys())
        const pasted = apply(EMPTY_DOCUMENT, paste(scene(EMPTY_DOCUMENT), text).ops).document
        expect(shape(pasted)).toEqual(shape(document))
      }),
      RUNS,
    )
  })
})
