/** What the editor sends is what the server would make of the same file. */

import { describe, expect, test } from 'vitest'
import { readDocument } from '../files/reading'
import { documentJson } from '../files/writing'
import { EMPTY, isObject, type JsonObject, parseJson, plain, writeJson } from '../json'
import { WorkflowError } from '../problems'
import { DEFINITIONS, PROMPTS } from '../testdata/documents'
import { toPrompt } from './convert'

const cases = parseJson(PROMPTS) as JsonObject
const moment = { now: new Date(2025, 0, 2, 3, 4, 5), choose: (count: number) => count - 1 }

describe.each([...cases.keys()])('%s', (name) => {
  const found = cases.get(name)
  const one = isObject(found) ? found : EMPTY
  const saved = one.get('saved') as JsonObject

  test('is sent as the server would convert it', () => {
    const wanted = one.get('prompt')
    if (wanted === undefined) {
      expect(() => toPrompt(readDocument(saved), DEFINITIONS, moment)).toThrow(WorkflowError)
    } else expect(plain(toPrompt(readDocument(saved), DEFINITIONS, moment))).toEqual(plain(wanted))
  })

  test('is written as it was read', () => {
    expect(writeJson(documentJson(readDocument(saved)))).toBe(writeJson(saved))
  })
})
