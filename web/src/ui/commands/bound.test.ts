import { expect, it } from 'vitest'
import { grouped } from '../../core/grouped'
import { DEFAULTS } from '../../state/settings'
import { commandFor, keysOf, rebound, unbound } from './bound'
import { keysIn } from './keys'
import { COMMANDS, commandOf } from './table'

const stroke = (key: string, more = {}) => ({
  key,
  ctrlKey: false,
  metaKey: false,
  shiftKey: false,
  altKey: false,
  ...more,
})

it('has no keys that mean two commands', () => {
  const all = COMMANDS.flatMap((command) => command.keys.map((keys) => [keys, command.id] as const))
  const shared = [...grouped(all, ([keys]) => keys.toLowerCase())].filter(([, list]) => list.length > 1)
  expect(shared).toEqual([])
})

it('gives keys to a command, takes them from the one that had them, and gives them back', () => {
  const [save, open] = [commandOf('file.save'), commandOf('file.open')]
  const changed = rebound(DEFAULTS, save, 'Mod+o')
  expect([keysOf(save, changed), keysOf(open, changed)]).toEqual([['Mod+o'], []])
  expect(commandFor(stroke('o', { ctrlKey: true }), changed, false)?.id).toBe('file.save')
  expect(commandFor(stroke('s', { ctrlKey: true }), changed, false)).toBeUndefined()
  expect(commandFor(stroke('s', { ctrlKey: true }), unbound(changed, save), true)?.id).toBe('file.save')
})

it('leaves letters to who types', () => {
  expect(commandFor(stroke('w'), DEFAULTS, false)?.id).toBe('view.workflows')
  const signs = COMMANDS.flatMap((command) => command.keys).filter((keys) => keys.length === 1)
  expect(signs.map((key) => commandFor(stroke(key), DEFAULTS, true)).filter(Boolean)).toEqual([])
})

it.each([
  [stroke('s', { ctrlKey: true }), 'Mod+s'],
  [stroke('S', { metaKey: true, shiftKey: true }), 'Mod+Shift+s'],
  [stroke('?', { shiftKey: true }), '?'],
  [stroke('F5'), 'F5'],
  [stroke('å', { altKey: true, code: 'KeyA' }), 'Alt+a'],
  [stroke('+', { altKey: true }), 'Alt++'],
  [stroke('Shift', { shiftKey: true }), null],
])('writes %j as %s', (pressed, keys) => {
  expect(keysIn(pressed)).toBe(keys)
})
