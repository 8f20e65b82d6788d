import { describe, expect, it } from 'vitest'
import type { Widget } from '../definitions'
import { AxisError, axisValues, firstValues } from './axisValues'

const int: Widget = { kind: 'int', min: 1n, max: 10_000n, step: 1n, display: 'number', control: false }
const seed: Widget = { ...int, min: 0n, max: 2n ** 64n - 1n, control: true }
const float: Widget = { kind: 'float', min: 0, max: 30, step: 0.1, round: 0.01, display: 'number' }
const text: Widget = { kind: 'text', multiline: true, dynamicPrompts: false, placeholder: '' }
const flag: Widget = { kind: 'boolean', on: 'enabled', off: 'disabled' }
const combo: Widget = {
  kind: 'combo',
  options: ['euler', 'dpmpp_2m', 'a, b'],
  upload: null,
  folder: null,
  files: false,
  multiple: false,
  control: false,
}

describe('values of an axis', () => {
  it.each<[string, Widget, readonly unknown[]]>([
    ['1, 2 3\n4;1', int, [1, 2, 3, 4]],
    ['1..4', int, [1, 2, 3, 4]],
    ['5 .. 1 / 2', int, [5, 3, 1]],
    ['0, 99999', int, [1, 10_000]],
    ['18446744073709551615', seed, [18446744073709551615n]],
    ['1..2/0.5, 7.125', float, [1, 1.5, 2, 7.13]],
    ['a cat, sleeping\n\na dog', text, ['a cat, sleeping', 'a dog']],
    ['enabled\nfalse', flag, [true, false]],
    ['a, b\neuler\neuler', combo, ['a, b', 'euler']],
    ['', int, []],
  ])('%j', (typed, widget, values) => {
    expect(axisValues(typed, widget)).toEqual(values)
  })

  it.each<[string, Widget]>([
    ['1, two', int],
    ['1..5/0', int],
    ['1..5000', int],
    ['euler\nheun', combo],
    ['maybe', flag],
  ])('refuses %j', (typed, widget) => {
    expect(() => axisValues(typed, widget)).toThrow(AxisError)
  })

  it.each<[Widget, string]>([
    [int, '20, 21, 22'],
    [float, '20, 21, 22'],
    [flag, 'disabled\nenabled'],
  ])('begin near the one that is there', (widget, typed) => {
    expect(firstValues(20, widget)).toBe(typed)
    expect(axisValues(typed, widget).length).toBeGreaterThan(1)
  })
})
