import { expect, test } from 'vitest'
import { workedOut } from './sums'

test.each([
  ['512*2', '1024'],
  ['-(64+8)/2', '-36'],
  ['2*3 + 4*5', '26'],
  ['7-2-1', '4'],
  ['8/2/2', '2'],
  ['1,5*2', '3'],
  ['2*-3', '-6'],
])('%j is worked out to %s', (text, made) => {
  expect(workedOut(text)).toBe(made)
})

test.each([
  '18446744073709551615',
  '-18446744073709551615',
  '1e-5',
  '4*',
  '(4',
  '4 5*',
  '4*x',
  '1/0',
  '',
  'a-b',
])('%j is no sum, and stays', (text) => {
  expect(workedOut(text)).toBe(text)
})
