/** Keys as the table of commands writes them: `Mod+Shift+z`, `.`, `Delete`. */

/** What of a keyboard event says which keys are down. */
export type Stroke = Pick<KeyboardEvent, 'key' | 'ctrlKey' | 'metaKey' | 'shiftKey' | 'altKey'> & {
  readonly code?: string
}

export function matches(stroke: Stroke, keys: string): boolean {
  const parts = keys.endsWith('++') ? [...keys.slice(0, -2).split('+'), '+'] : keys.split('+')
  const key = parts.pop() ?? ''
  const mod = stroke.ctrlKey || stroke.metaKey
  if (mod !== parts.includes('Mod') || stroke.altKey !== parts.includes('Alt')) return false
  const letter = /^[a-z]$/i.test(key)
  // A sign such as "?" has its Shift in itself; a letter does not.
  const shift = letter || key.length > 1 ? stroke.shiftKey === parts.includes('Shift') : true
  return (
    shift &&
    (stroke.key.toLowerCase() === key.toLowerCase() || (stroke.altKey && codeOf(key) === stroke.code))
  )
}

/** Returns the keys of an event as the table writes them; null while only Ctrl, Shift and their like are down. */
export function keysIn(stroke: Stroke): string | null {
  if (['Control', 'Shift', 'Alt', 'Meta', 'AltGraph', 'Dead', 'CapsLock'].includes(stroke.key)) return null
  const byCode = /^(?:Key([A-Z])|Digit(\d))$/.exec(stroke.code ?? '')
  const coded = stroke.altKey && byCode !== null ? (byCode[1] ?? byCode[2]) : undefined
  const key = coded ?? (stroke.key === ' ' ? 'Space' : stroke.key)
  const letter = /^\p{L}$/u.test(key)
  const parts = [
    stroke.ctrlKey || stroke.metaKey ? 'Mod' : '',
    stroke.altKey ? 'Alt' : '',
    stroke.shiftKey && (letter || key.length > 1) ? 'Shift' : '',
    letter ? key.toLowerCase() : key,
  ]
  return parts.filter((part) => part !== '').join('+')
}

/** Tells whether keys write a sign where text is typed. */
export function writes(keys: string): boolean {
  return /^(Shift\+)?.$/su.test(keys)
}

/** With Alt, some keyboards write another letter than the key's. */
function codeOf(key: string): string | undefined {
  if (/^[a-z]$/i.test(key)) return `Key${key.toUpperCase()}`
  return /^\d$/.test(key) ? `Digit${key}` : undefined
}

const SIGNS: Readonly<Record<string, string>> = {
  Enter: '↵',
  Shift: '⇧',
  Backspace: '⌫',
  PageUp: 'PgUp',
  PageDown: 'PgDn',
  ArrowUp: '↑',
  ArrowDown: '↓',
  ArrowLeft: '←',
  ArrowRight: '→',
}

/** What keyboards of another language write on two keys. */
export interface KeyNames {
  readonly ctrl: string
  readonly delete: string
}

const ENGLISH: KeyNames = { ctrl: 'Ctrl', delete: 'Del' }

/** Returns the keys as a person reads them, one by one. */
export function readable(keys: string, mac: boolean, names = ENGLISH): readonly string[] {
  const parts = keys.endsWith('++') ? [...keys.slice(0, -2).split('+'), '+'] : keys.split('+')
  return parts.map((key) => {
    if (key === 'Mod') return mac ? '⌘' : names.ctrl
    if (key === 'Delete') return names.delete
    if (key === 'Alt') return mac ? '⌥' : 'Alt'
    return SIGNS[key] ?? (key.length === 1 ? key.toUpperCase() : key)
  })
}
