import { describe, expect, it } from 'vitest'
import { type Inline, readInline, readMarkdown } from './markdown'

/** Writes what was read in a short form. */
const short = (parts: readonly Inline[]): string =>
  parts
    .map((one) => {
      if (!('parts' in one)) return one.kind === 'text' ? one.text : `<code ${one.text}>`
      return `<${one.kind}${one.kind === 'link' ? ` ${one.url}` : ''} ${short(one.parts)}>`
    })
    .join('')

describe('markdown', () => {
  it.each([
    ['plain _word_ snake_case_name 2*3*4', 'plain <em word> snake_case_name 2<em 3>4'],
    ['**bold *both***', '<strong bold *both>*'],
    ['`a*b*`', '<code a*b*>'],
    ['[site](https://a.example/x "t")', '<link https://a.example/x site>'],
    ['see https://a.example/b.', 'see <link https://a.example/b https://a.example/b>.'],
    ['[x](javascript:alert(1))', '[x](javascript:alert(1))'],
    ['![p](data:text/html,x)', '![p](data:text/html,x)'],
    ['<img src=x onerror=y>', '<img src=x onerror=y>'],
    ['~~gone~~', '<strike gone>'],
  ])('%s', (text, expected) => {
    expect(short(readInline(text))).toBe(expected)
  })

  it('reads blocks', () => {
    const text = '# Title\ntext\ngoes on\n\n- a\n- b\n1. c\n> q\n> r\n***\n```js\n# no\n```'
    expect(readMarkdown(text).map((one) => one.kind)).toEqual([
      'heading',
      'paragraph',
      'list',
      'list',
      'quote',
      'rule',
      'code',
    ])
  })

  it('comes to an end with what never does', () => {
    const text = `${'*'.repeat(3000)}${'['.repeat(3000)}\n\`\`\`\nopen`
    expect(readMarkdown(text).length).toBeGreaterThan(0)
  })
})
