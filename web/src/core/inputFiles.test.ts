import { expect, it } from 'vitest'
import { fileNamed, nameOf } from './inputFiles'

it.each([
  ['a.png', 'a.png', '', 'input'],
  ['one/two/a.png', 'a.png', 'one/two', 'input'],
  ['a b.png [output]', 'a b.png', '', 'output'],
  ['clipspace/a.png [temp]', 'a.png', 'clipspace', 'temp'],
  ['a [other].png', 'a [other].png', '', 'input'],
])('%s names a file, and is its name', (text, filename, subfolder, type) => {
  const file = fileNamed(text, 'input')
  expect(file).toEqual({ filename, subfolder, type })
  expect(nameOf(file, 'input')).toBe(text)
})
