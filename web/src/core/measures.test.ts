import { expect, it } from 'vitest'
import { bytesText, secondsText } from './measures'

it.each([
  [0, '0 B'],
  [999, '999 B'],
  [1000, '1.0 kB'],
  [54_460_000, '54 MB'],
  [999_700_000, '1.0 GB'],
  [16_851_009_536, '17 GB'],
])('%i bytes are %s', (bytes, text) => expect(bytesText(bytes)).toBe(text))

it.each([
  [0, '0.00 s'],
  [0.031, '0.03 s'],
  [0.0999, '0.1 s'],
  [5.815, '5.8 s'],
  [9.97, '10 s'],
  [59.7, '1:00 min'],
  [125, '2:05 min'],
  [3720, '1:02:00 h'],
])('%f seconds are %s', (seconds, text) => expect(secondsText(seconds)).toBe(text))
