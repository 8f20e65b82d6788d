import { describe, expect, it } from 'vitest'
import { matches, readable } from './keys'

const stroke = (key: string, ...held: string[]) => ({
  key,
  ctrlKey: held.includes('Ctrl'),
  metaKey: held.includes('Meta'),
  shiftKey: held.includes('Shift'),
  altKey: held.includes('Alt'),
  code: /^[a-z]$/i.test(key) ? `Key${key.toUpperCase()}` : '',
})

describe('keys', () => {
  it.each([
    [stroke('z', 'Ctrl'), 'Mod+z', true],
    [stroke('z', 'Meta'), 'Mod+z', true],
    [stroke('Z', 'Ctrl', 'Shift'), 'Mod+z', false],
    [stroke('Z', 'Ctrl', 'Shift'), 'Mod+Shift+z', true],
    [stroke('z'), 'Mod+z', false],
    [stroke('?', 'Shift'), '?', true],
    [stroke('+', 'Alt', 'Shift'), 'Alt++', true],
    [stroke('Enter', 'Ctrl'), 'Mod+Enter', true],
    [stroke('Enter', 'Ctrl', 'Shift'), 'Mod+Enter', false],
    [stroke('Delete'), 'Delete', true],
    [{ ...stroke('ç', 'Alt'), code: 'KeyC' }, 'Alt+c', true],
  ])('%o is %s: %s', (given, keys, expected) => {
    expect(matches(given, keys)).toBe(expected)
  })

  it('reads as people write it', () => {
    expect(readable('Mod+Shift+z', false)).toEqual(['Ctrl', '⇧', 'Z'])
    expect(readable('Alt++', false)).toEqual(['Alt', '+'])
    expect(readable('Mod+Enter', true)).toEqual(['⌘', '↵'])
    expect(readable('Alt+ArrowLeft', false)).toEqual(['Alt', '←'])
    expect(readable('Mod+Delete', false, { ctrl: 'Strg', delete: 'Entf' })).toEqual(['Strg', 'Entf'])
  })
})
