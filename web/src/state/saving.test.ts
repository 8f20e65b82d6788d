import { expect, it } from 'vitest'
import { nameOf, pathOf } from './saving'

it.each([
  ['anna', 'anna.json'],
  [' portraits / anna ', 'portraits/anna.json'],
  ['//a//b.json', 'a/b.json'],
  ['Größe 2.5', 'Größe 2.5.json'],
  ['', null],
  [' / ', null],
  ['../out', null],
  ['a/.hidden', null],
  ['what?', null],
  ['a\\b', null],
])('%j is saved as %j', (name, path) => {
  expect(pathOf(name)).toBe(path)
})

it('calls a file by its name without folders and ending', () => {
  expect(['a/b.json', 'c.JSON', 'd'].map(nameOf)).toEqual(['b', 'c', 'd'])
})
