import { describe, expect, it } from 'vitest'
import { linkOf, readLink } from './links'

describe('workflows in addresses', () => {
  it.each([
    ['a plain one', '{"nodes": []}'],
    ['one with signs of all kinds', '{"text": "Straße ∑ 🎨 +/=&#%"}'],
    ['a long one', `{"text": "${'painting '.repeat(20_000)}"}`],
  ])('come out as they went in: %s', async (_, text) => {
    const link = await linkOf({ name: 'ink & loom #1', text, face: 'form' })
    expect(link).toMatch(/^#[\w=&%+.-]+$/)
    expect(await readLink(link)).toEqual({ name: 'ink & loom #1', text, face: 'form' })
  })

  it('are none in other addresses', async () => {
    expect(await readLink('')).toBeNull()
    expect(await readLink('#top')).toBeNull()
  })

  it('are refused when they are damaged, or larger than they look', async () => {
    await expect(readLink('#workflow=AAAA')).rejects.toThrow()
    const bomb = await linkOf({ name: '', text: ' '.repeat(17 * 2 ** 20), face: 'graph' })
    expect(bomb.length).toBeLessThan(40_000)
    await expect(readLink(bomb)).rejects.toThrow('16777216 bytes')
  })
})
