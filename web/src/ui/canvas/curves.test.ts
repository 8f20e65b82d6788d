import { expect, it } from 'vitest'
import { wayText } from './curves'

const at = (x: number, y: number) => ({ x, y })

it.each([
  ['curve', [], 'M0,0C50,0 50,40 100,40'],
  ['straight', [at(10, 90)], 'M0,0L10,90L100,40'],
  ['steps', [], 'M0,0L50,0L50,40L100,40'],
] as const)('%s links run from port to port', (style, points, text) => {
  expect(wayText(at(0, 0), at(100, 40), points, style)).toBe(text)
})

it('leaves a port to the right and comes from the left, also where it leads back', () => {
  expect(wayText(at(0, 0), at(-100, 40), [], 'steps')).toBe('M0,0L16,0L16,20L-116,20L-116,40L-100,40')
})
