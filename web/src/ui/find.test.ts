import { describe, expect, it } from 'vitest'
import { found, score } from './find'

describe('found', () => {
  it.each([
    ['text encode', ['VAEEncode', 'CLIPTextEncode', 'TextEncodeMore'], ['TextEncodeMore', 'CLIPTextEncode']],
    ['ksa', ['Save', 'KSamplerAdvanced', 'KSampler'], ['KSampler', 'KSamplerAdvanced']],
    ['2m', ['euler', 'dpmpp_2m', 'dpmpp_2m_sde'], ['dpmpp_2m', 'dpmpp_2m_sde']],
    ['übe', ['Uber', 'Other'], ['Uber']],
    ['', ['b', 'a'], ['b', 'a']],
    ['zzz', ['b', 'a'], []],
  ])('finds by %s', (query, all, expected) => {
    expect(found(query, all, (one) => one)).toEqual(expected)
  })

  it('likes a beginning best', () => {
    expect(score('load', 'Load image') ?? 0).toBeGreaterThan(score('load', 'Image load') ?? 0)
  })
})
