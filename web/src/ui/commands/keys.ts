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

/** With Alt, some keyboards write another letter than the key's. */
function codeOf(key: string): string | undefined {
  if (/^[a-z]$/i.test(key)) return `Key${key.toUpperCase()}`
  return /^\d$/.test(key) ? `Digit${key}` : undefined
}

const SIGNS: Readonly<Record<string, string>> = {
  Enter: '↵',
  Shift: '⇧',
  Backspace: '⌫',
  Delete: 'Del',
  PageUp: 'PgUp',
  PageDown: 'PgDn',
  ArrowUp: '↑',
  ArrowDown: '↓',
}

/** Returns the keys as a person reads them, one by one. */
export function readable(keys: string, mac: boolean): readonly string[] {
  const parts = keys.endsWith('++') ? [...keys.slice(0, -2).split('+'), '+'] : keys.split('+')
  return parts.map((key) => {
    if (key === 'Mod') return mac ? '⌘' : 'Ctrl'
    if (key === 'Alt') return mac ? '⌥' : 'Alt'
    return SIGNS[key] ?? (key.length === 1 ? key.toUpperCase() : key)
  })
}
