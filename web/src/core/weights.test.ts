import fc from 'fast-check'
import { expect, test } from 'vitest'
import { reweighted, type Selected } from './weights'

/** "a [red] cat" is the text with "red" selected, "a re[]d cat" the cursor in it. */
const marked = (text: string): Selected => {
  const start = text.indexOf('[')
  return { text: text.replace(/[[\]]/g, ''), start, end: text.indexOf(']') - 1 }
}
const mark = ({ text, start, end }: Selected) =>
  `${text.slice(0, start)}[${text.slice(start, end)}]${text.slice(end)}`

test.each([
  ['a re[]d cat', 1, 'a ([red]:1.05) cat'],
  ['a [red cat]', 1, 'a ([red cat]:1.05)'],
  ['a [ red ] cat', -1, 'a  ([red]:0.95)  cat'],
  ['a (re[]d:1.05) cat', 1, 'a ([red]:1.1) cat'],
  ['a (re[]d:1.05) cat', -1, 'a [red] cat'],
  ['a (red [cat]:0.95) b', 1, 'a [red cat] b'],
  ['((in[]ner:1.2) x:0.5)', 1, '(([inner]:1.25) x:0.5)'],
  ['((inner:1.2) x[]:0.5)', -1, '([(inner:1.2) x]:0.45)'],
  ['\\(no[]t\\:1.1\\)', 1, '\\(([not]:1.05)\\:1.1\\)'],
  ['(plain[]) x', 1, '(([plain]:1.05)) x'],
  ['a  []  b', 1, 'a  []  b'],
  ['(a:-1[])', 1, '([a]:-0.95)'],
] as const)('%s by %s', (given, direction, wanted) => {
  expect(mark(reweighted(marked(given), direction))).toBe(wanted)
})

test('up and down again is the same text', () => {
  fc.assert(
    fc.property(
      fc.stringMatching(/^[a-z ]{1,20}$/),
      fc.nat(20),
      fc.constantFrom(1 as const, -1 as const),
      (text, at, direction) => {
        const cursor = Math.min(at, text.length)
        const there = reweighted({ text, start: cursor, end: cursor }, direction)
        expect(reweighted(there, direction === 1 ? -1 : 1).text).toBe(text)
      },
    ),
  )
})
