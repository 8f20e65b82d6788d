import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { asBigInt, asNumber, JsonError, jsonOf, parseJson, plain, writeJson } from './json'

const NUMBERS = [
  '0',
  '-0',
  '8.0',
  '1e5',
  '1E-7',
  '18446744073709551615',
  '-9007199254740993',
  '1.10',
  '0.1',
  '1e400',
  '123456789012345678901234567890',
]
const text = fc.letrec<{ value: string }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.constantFrom('null', 'true', 'false', ...NUMBERS),
    fc.double({ noDefaultInfinity: true, noNaN: true }).map((one) => JSON.stringify(one)),
    fc.string({ unit: 'binary' }).map((one) => JSON.stringify(one)),
    fc.array(tie('value'), { maxLength: 4 }).map((all) => `[${all.join(',')}]`),
    fc
      .uniqueArray(fc.tuple(fc.oneof(fc.string(), fc.constantFrom('2', '1', '__proto__')), tie('value')), {
        maxLength: 4,
        selector: ([key]) => key,
      })
      .map((all) => `{${all.map(([key, one]) => `${JSON.stringify(key)}:${one}`).join(',')}}`),
  ),
})).value

describe('JSON', () => {
  test('is written as it was read: key order, big integers, texts of numbers', () => {
    fc.assert(
      fc.property(text, (one) => {
        expect(writeJson(parseJson(one))).toBe(one)
      }),
    )
  })

  test.each(['{"a": [1, {"b": []}, {}], "c": "\\u00e9\\n"}', ' [ ] ', '\ufeff{}'])(
    '%j is what JSON.parse makes of it',
    (one) => {
      expect(JSON.parse(writeJson(parseJson(one), 2))).toEqual(JSON.parse(one.replace('\ufeff', '')))
      expect(writeJson(parseJson(one), 2)).toBe(
        JSON.stringify(JSON.parse(one.replace('\ufeff', '')), null, 2),
      )
    },
  )

  test.each([
    ['', 1, 1],
    ['{"a" 1}', 1, 6],
    ['[1,\n 2,\n x]', 3, 2],
    ['[1 2]', 1, 4],
    ['01', 1, 2],
    ['NaN', 1, 1],
    ['"a\nb"', 1, 3],
    ['"\\x"', 1, 2],
    ['{} {}', 1, 4],
    ['['.repeat(100_000), 1, 2002],
  ])('%j is refused with its place', (one, line, column) => {
    expect(() => parseJson(one)).toThrow(JsonError)
    expect(() => parseJson(one)).toThrow(`line ${line}, column ${column}:`)
  })

  test.each([
    ['20.0', 20n, 20],
    ['18446744073709551615', 18446744073709551615n, 2 ** 64],
    ['2.5', undefined, 2.5],
    ['"2"', undefined, undefined],
  ])('%s is the number %s', (one, exact, about) => {
    expect(asBigInt(parseJson(one))).toBe(exact)
    expect(asNumber(parseJson(one))).toBe(about)
  })

  test('what was made plain is JSON again, with its great numbers', () => {
    const text = '{"a":[1,18446744073709551615,"x",null,true,2.5],"b":{}}'
    expect(writeJson(jsonOf(plain(parseJson(text))))).toBe(text)
    expect(() => jsonOf({ a: undefined })).toThrow(TypeError)
  })
})
