import { describe, expect, it } from 'vitest'
import type { GraphNode } from '../../core/document'
import { EMPTY } from '../../core/json'
import type { ShownField } from '../../core/widgets'
import {
  FIELD,
  fieldHandle,
  HEADER,
  handlesOf,
  inputHandle,
  layoutOf,
  outputHandle,
  portOf,
} from './geometry'

const slot = (name: string, widget: string | null, link: string | null) => ({
  name,
  type: 'INT',
  link,
  widget,
  label: null,
  raw: EMPTY,
})

const NODE: GraphNode = {
  id: '1',
  type: 'One',
  title: null,
  pos: { x: 0, y: 0 },
  size: { width: 300, height: 200 },
  mode: 0,
  collapsed: false,
  pinned: false,
  color: null,
  bgcolor: null,
  inputs: [slot('a', null, null), slot('steps', 'steps', '7'), slot('b', null, null)],
  outputs: [{ name: 'out', type: 'INT', links: [], label: null, raw: EMPTY }],
  values: [],
  properties: EMPTY,
  raw: EMPTY,
}

const shown = (name: string, multiline = false): ShownField => ({
  field: {
    name,
    kind: 'value',
    holder: null,
    input: {
      name,
      label: name,
      type: 'STRING',
      required: true,
      widget: { kind: 'text', multiline, dynamicPrompts: false, placeholder: '' },
      initial: '',
      tooltip: '',
      lazy: false,
      advanced: false,
    },
  },
  value: '',
  control: null,
})

describe('layout', () => {
  it('gives inputs the numbers of their file, and fields those that they have', () => {
    const layout = layoutOf(NODE, [shown('steps'), shown('text')])
    expect(handlesOf(layout).map((place) => place.handle)).toEqual(['in:0', 'in:2', 'in:1', 'field:text'])
    expect(layout.fields.map((place) => [place.slot, place.linked])).toEqual([
      [1, true],
      [null, false],
    ])
  })

  it('lays nothing over anything else, and all of it inside', () => {
    const layout = layoutOf(NODE, [shown('steps'), shown('text', true), shown('more')])
    const ends = layout.fields.map((place) => place.y + place.height)
    layout.fields.slice(1).forEach((place, at) => {
      expect(place.y).toBe(ends[at])
    })
    expect(Math.max(...layout.inputs.map((place) => place.y))).toBeLessThan(layout.fields[0]?.y ?? 0)
    expect(Math.max(...ends)).toBeLessThan(layout.height)
  })

  it('gives a text what is left of the size that a person chose', () => {
    const tall = layoutOf({ ...NODE, size: { width: 300, height: 400 } }, [
      shown('text', true),
      shown('more'),
    ])
    expect(tall.height).toBe(400 + HEADER)
    const small = layoutOf({ ...NODE, size: { width: 10, height: 10 } }, [shown('text', true)])
    expect(small.fields[0]?.height).toBeGreaterThan(FIELD)
  })

  it('folds everything onto the header', () => {
    const layout = layoutOf({ ...NODE, collapsed: true }, [shown('text')])
    expect(layout.height).toBe(HEADER)
    expect(handlesOf(layout).map((place) => place.y)).toEqual([15, 15, 15])
  })
})

describe('handles', () => {
  it.each([
    [inputHandle(3), { side: 'input', slot: 3, name: '' }],
    [outputHandle(0), { side: 'output', slot: 0, name: '' }],
    [fieldHandle('a:b'), { side: 'field', slot: -1, name: 'a:b' }],
    ['in:', null],
    ['other:1', null],
    [null, null],
  ])('%s is %o', (handle, port) => {
    expect(portOf(handle)).toEqual(port)
  })
})

it.each([
  ['below its fields', [shown('steps')], 500],
  ['none where it is too low for them', [shown('steps')], 20],
  ['none where a text takes it', [shown('text', true)], 500],
])('has room for what it shows: %s', (where, fields, height) => {
  const layout = layoutOf({ ...NODE, size: { width: 300, height } }, fields)
  expect(layout.room).toBe(Math.max(0, height + HEADER - layout.height))
  expect(layout.room > 0).toBe(!where.startsWith('none'))
})
