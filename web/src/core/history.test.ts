import { expect, test } from 'vitest'
import { setTitle } from './commands/nodes'
import { EMPTY_DOCUMENT } from './document'
import { type Edited, edit, MOST_STEPS, NO_HISTORY, PAUSE, redo, undo } from './history'
import { BEGINNING, scene } from './testdata/documents'

const START: Edited = { document: BEGINNING, history: NO_HISTORY }
const titled = (edited: Edited, title: string, time: number, merge?: string): Edited =>
  edit(edited, setTitle(scene(edited.document), '1', title), {
    label: 'Title',
    time,
    ...(merge ? { merge } : {}),
  })
const title = (edited: Edited) => edited.document.root.nodes.get('1')?.title

test.each([
  ['typing is one step', [0, 100, 200], ['t', 't', 't'], 1],
  ['a pause begins another', [0, 100, 100 + PAUSE], ['t', 't', 't'], 2],
  ['another field begins another', [0, 1, 2], ['t', 'u', 'u'], 2],
  ['what has no key stands alone', [0, 1, 2], [undefined, undefined, undefined], 3],
] as const)('%s', (_, times, keys, steps) => {
  let edited = START
  for (const [at, time] of times.entries()) edited = titled(edited, 'a'.repeat(at + 1), time, keys[at])
  expect(edited.history.past).toHaveLength(steps)
  for (let number = 0; number < steps; number += 1) edited = undo(edited)
  expect(title(edited)).toBeNull()
  for (let number = 0; number < steps; number += 1) edited = redo(edited)
  expect(title(edited)).toBe('aaa')
})

test('a merged step holds one operation, however long one types', () => {
  let edited = START
  for (let time = 0; time < 50; time += 1) edited = titled(edited, `t${time}`, time, 'typing')
  expect(edited.history.past[0]?.there).toHaveLength(1)
  expect(edited.history.past[0]?.back).toHaveLength(1)
})

test('typing after an undo is not part of the step before it, and ends what could be redone', () => {
  const twice = titled(titled(START, 'a', 0, 't'), 'b', 2 * PAUSE, 't')
  const again = titled(undo(twice), 'c', 2 * PAUSE + 1, 'u')
  expect(again.history.future).toEqual([])
  expect(title(undo(again))).toBe('a')
})

test('only so many steps are kept', () => {
  let edited = START
  for (let time = 0; time < MOST_STEPS + 5; time += 1) edited = titled(edited, `${time}`, time)
  expect(edited.history.past).toHaveLength(MOST_STEPS)
})

test('nothing to undo, redo or do changes nothing', () => {
  expect(undo(START)).toBe(START)
  expect(redo(START)).toBe(START)
  expect(edit(START, [], { label: 'x', time: 0 }).history).toBe(NO_HISTORY)
  expect(edit({ document: EMPTY_DOCUMENT, history: NO_HISTORY }, [], { label: 'x', time: 0 }).document).toBe(
    EMPTY_DOCUMENT,
  )
})
