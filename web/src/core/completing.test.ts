import { expect, it } from 'vitest'
import { completed, completingAt } from './completing'

it.each([
  ['a cat, embedding:|', ''],
  ['a cat, embedding:peo|', 'peo'],
  ['(embedding:people/an|:1.2)', 'people/an'],
  ['Embedding:X|', 'X'],
  ['embedding:one two|', null],
  ['embedding:one, a|', null],
  ['a cat|', null],
  ['|embedding:one', null],
])('%s', (given, typed) => {
  const cursor = given.indexOf('|')
  const text = given.replace('|', '')
  expect(completingAt(text, cursor)?.typed ?? null).toBe(typed)
})

it('puts the name where it was being typed', () => {
  const text = '(embedding:pe:1.2)'
  const found = completingAt(text, 13)
  expect(found && completed(text, found, 'people/anna')).toEqual({
    text: '(embedding:people/anna:1.2)',
    cursor: 22,
  })
})
