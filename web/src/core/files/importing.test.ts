/** API format becomes a document that stands for the same, and looks like something. */

import { describe, expect, test } from 'vitest'
import { boxOf } from '../commands/nodes'
import { isObject, type JsonObject, parseJson, plain } from '../json'
import { WorkflowError } from '../problems'
import { toPrompt } from '../prompt/convert'
import { DEFINITIONS, faults, PROMPTS } from '../testdata/documents'
import { importPrompt } from './importing'

const cases = parseJson(PROMPTS) as JsonObject
const named = [...cases].filter(([name, one]) => !name.startsWith('random') && isObject(one))
const moment = { now: new Date(2025, 0, 2), choose: () => 0 }

describe.each(named)('%s', (_, one) => {
  const prompt = (one as JsonObject).get('prompt') as JsonObject
  const document = importPrompt(prompt, DEFINITIONS)

  test('is exported as it was imported', () => {
    expect(plain(toPrompt(document, DEFINITIONS, moment))).toEqual(plain(prompt))
    expect(faults(document)).toEqual([])
  })

  test('no nodes overlap, and each stands right of what it gets', () => {
    const nodes = [...document.root.nodes.values()]
    for (const [at, node] of nodes.entries()) {
      const own = boxOf(node)
      for (const other of nodes.slice(at + 1).map(boxOf)) {
        const apart =
          own.x + own.width <= other.x ||
          other.x + other.width <= own.x ||
          own.y + own.height <= other.y ||
          other.y + other.height <= own.y
        expect(apart).toBe(true)
      }
    }
    for (const link of document.root.links.values()) {
      const [from, to] = [document.root.nodes.get(link.origin), document.root.nodes.get(link.target)]
      expect(from && to && boxOf(from).x + boxOf(from).width).toBeLessThan(to?.pos.x ?? 0)
    }
  })
})

test('unknown types, boxed lists, texts with braces and what is exposed survive', () => {
  const text =
    '{"7":{"class_type":"Gone","inputs":{"a":18446744073709551615,"b":{"__value__":[1,2]}}},"a b":{"class_type":"CLIPTextEncode","inputs":{"text":"{x|y} // z","clip":["7",3]},"_meta":{"title":"mine","exposed":{"text":"prompt"}}}}'
  const prompt = parseJson(text) as JsonObject
  const back = toPrompt(importPrompt(prompt, DEFINITIONS), DEFINITIONS, moment)
  expect(plain(back)).toMatchObject(plain(prompt) as object)
})

test.each([
  ['{"1":{}}', '/1: node 1 must be an object with a "class_type"'],
  ['{"1":{"class_type":"A","inputs":{"x":["2",0]}}}', '/1/inputs/x: input "x" of node 1 must be a link'],
  ['{"1":{"class_type":"A","inputs":{"x":["1",-1]}}}', '/1/inputs/x'],
])('%s is refused with its place', (text, message) => {
  expect(() => importPrompt(parseJson(text) as JsonObject, DEFINITIONS)).toThrow(WorkflowError)
  expect(() => importPrompt(parseJson(text) as JsonObject, DEFINITIONS)).toThrow(message)
})
