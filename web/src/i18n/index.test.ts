import { describe, expect, it } from 'vitest'
import { en } from './en'
import { filled, LANGUAGES, languageOf } from './index'

const places = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map((found) => found[1]).sort()

describe('catalogues', () => {
  it.each(Object.entries(LANGUAGES))('%s fills in what English does', (_, { catalogue }) => {
    for (const [key, text] of Object.entries(en)) {
      expect([key, places(catalogue[key as keyof typeof en])]).toEqual([key, places(text)])
    }
  })

  it.each([
    ['de', ['en-GB'], 'de'],
    ['system', ['fr', 'de-AT'], 'de'],
    ['system', ['fr'], 'en'],
    ['constructor', [], 'en'],
  ])('speaks, of %s and %s, %s', (chosen, browser, language) => {
    expect(languageOf(chosen, browser)).toBe(language)
  })

  it('fills in values and leaves the rest', () => {
    expect(filled('{a} of {b}', { a: 1 })).toBe('1 of {b}')
  })
})
