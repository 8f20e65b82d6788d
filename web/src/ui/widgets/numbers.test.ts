import { describe, expect, it } from 'vitest'
import { shown, typed } from './numbers'
import type { WidgetOf } from './props'

const int: WidgetOf<'int'> = {
  kind: 'int',
  min: 0n,
  max: 2n ** 64n - 1n,
  step: 1n,
  display: 'number',
  control: true,
}
const float: WidgetOf<'float'> = {
  kind: 'float',
  min: 0,
  max: 100,
  step: 0.1,
  round: 0.01,
  display: 'number',
}

describe('numbers', () => {
  it.each([
    ['18446744073709551615', 18446744073709551615n],
    [' 12 ', 12],
    ['-3', -3],
    ['1.5', undefined],
    ['', undefined],
    ['0x10', undefined],
  ])('reads %s as a whole number', (text, value) => {
    expect(typed(int, text)).toBe(value)
  })

  it.each([
    ['1,5', 1.5],
    ['.5', 0.5],
    ['2e1', 20],
    ['1e999', undefined],
    ['abc', undefined],
  ])('reads %s as a number', (text, value) => {
    expect(typed(float, text)).toBe(value)
  })

  it('shows seeds exactly', () => {
    expect(shown(int, 18446744073709551615n)).toBe('18446744073709551615')
  })

  it.each([
    [{ text: '4.0' }, '4.0'],
    [4, '4.0'],
    [0.25, '0.25'],
    [undefined, ''],
  ])('shows %s', (value, text) => {
    expect(shown(float, value)).toBe(text)
  })
})
