import { expect, it } from 'vitest'
import { choicesFor, completed, completingAt } from './completing'

it.each([
  ['a cat, embedding:|', ''],
  ['a cat, embedding:peo|', 'peo'],
  ['(embedding:people/an|:1.2)', 'people/an'],
  ['Embedding:X|', 'X'],
  ['embedding:one two|', null],
  ['embedding:one, a|', null],
  ['a cat|', null],
  ['embedding:über|', 'über'],
  ['embedding:a(|', null],
  ['myembedding:a|', null],
  ['[embedding:a|]', 'a'],
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

it('writes the word as the server knows it', () => {
  const found = completingAt('a Embedding:X', 13)
  expect(found && completed('a Embedding:X', found, 'Xena').text).toBe('a embedding:Xena')
})

it.each([
  ['an', ['anna', 'people/ann'], ['anna', 'people/ann']],
  ['an', ['two words', 'a,b', 'ends.', 'anna'], ['anna']],
  ['anna', ['anna'], []],
  ['anna', ['anna', 'annabel'], ['anna', 'annabel']],
])('offers behind %s of %j only what a prompt can say', (typed, names, offered) => {
  expect(choicesFor({ start: 0, end: 0, typed }, names)).toEqual(offered)
})
