import { describe, expect, it } from 'vitest'
import { createSettings, DEFAULTS, readSettings } from './settings'

describe('settings', () => {
  it.each([null, 'no json', '7', 'null', '{"theme": "pink", "panelWidth": 1e9, "minimap": 1}'])(
    'takes %s for what is right of it',
    (text) => {
      expect(readSettings(text)).toEqual(DEFAULTS)
    },
  )

  it('keeps every change', () => {
    const kept = new Map<string, string>()
    const storage = {
      getItem: (key: string) => kept.get(key) ?? null,
      setItem: (key: string, value: string) => void kept.set(key, value),
      removeItem: (key: string) => void kept.delete(key),
    }
    const changed = { ...DEFAULTS, theme: 'dark', grid: true, panel: 'queue', panelWidth: 300 } as const
    createSettings(storage).set(changed)
    expect(createSettings(storage).get()).toEqual(changed)
  })
})
