import { expect, test } from 'vitest'
import type { Widget } from './definitions'
import { nearestChoice, stepped, typedNumber, verdictOn } from './validation'

const INT: Widget = { kind: 'int', min: 1n, max: 2n ** 64n - 1n, step: 8n, display: 'number', control: false }
const FLOAT: Widget = { kind: 'float', min: 0, max: 30, step: 0.1, round: 0.01, display: 'number' }
const COMBO: Widget = {
  kind: 'combo',
  options: ['euler', 'heun', 'sd/v1.safetensors', 2],
  upload: null,
  folder: null,
  files: false,
  multiple: false,
  control: false,
}

test.each([
  [20, INT, null],
  [{ text: '20.0' }, INT, null],
  [0, INT, { fault: 'too small', nearest: 1 }],
  [2n ** 64n, INT, { fault: 'too large', nearest: 2n ** 64n - 1n }],
  [2.6, INT, { fault: 'type', nearest: 3 }],
  ['16', INT, { fault: 'type', nearest: 16 }],
  [true, INT, { fault: 'type', nearest: undefined }],
  [8, FLOAT, null],
  [31.5, FLOAT, { fault: 'too large', nearest: 30 }],
  ['heun', COMBO, null],
  [{ text: '2.0' }, COMBO, null],
  ['eulr', COMBO, { fault: 'choice', nearest: 'euler' }],
  ['models/v1.safetensors', COMBO, { fault: 'choice', nearest: 'sd/v1.safetensors' }],
  ['something else entirely', COMBO, { fault: 'choice', nearest: undefined }],
] as const)('%s in %o: %o', (value, widget, verdict) => {
  expect(verdictOn(value, widget)).toEqual(verdict)
})

test('of choices the nearest is found, none where all are far', () => {
  expect(nearestChoice('Euler', ['heun', 'euler'])).toBe('euler')
  expect(nearestChoice('x', [])).toBeUndefined()
})

test.each([
  ['7,25', FLOAT, 7.25],
  ['7.256', FLOAT, 7.26],
  ['99', FLOAT, 30],
  ['-5', INT, 1],
  ['12345678901234567890', INT, 12345678901234567890n],
  ['12.6', INT, 13],
  ['abc', INT, undefined],
  ['', FLOAT, undefined],
] as const)('typed %j is %s', (text, widget, number) => {
  expect(typedNumber(text, widget)).toBe(number)
})

test.each([
  [0.1, FLOAT, 2, 0.3],
  [29.95, FLOAT, 1, 30],
  [1, INT, 1, 9],
  [9, INT, -2, 1],
] as const)('%s is %o steps on %s', (value, widget, steps, next) => {
  expect(stepped(value, widget, steps)).toBe(next)
})
