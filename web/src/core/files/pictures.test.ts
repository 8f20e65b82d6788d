import { deflateSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { isObject, parseJson, writeJson } from '../json'
import { WorkflowError } from '../problems'
import { DEFINITIONS, PROMPTS } from '../testdata/documents'
import { openFile } from './opening'
import { kindOf, PictureError, readMetadata } from './pictures'
import { documentJson } from './writing'

const bytes = (...parts: readonly (string | readonly number[] | Uint8Array)[]) =>
  new Uint8Array(
    Buffer.concat(parts.map((one) => Buffer.from(typeof one === 'string' ? Buffer.from(one, 'utf8') : one))),
  )
const uint32 = (number: number, little = false) => {
  const found = Buffer.alloc(4)
  if (little) found.writeUInt32LE(number)
  else found.writeUInt32BE(number)
  return [...found]
}
const chunk = (name: string, data: Uint8Array) => bytes(uint32(data.length), name, data, [0, 0, 0, 0])
const png = (...chunks: readonly Uint8Array[]) =>
  bytes(
    [0x89],
    'PNG\r\n',
    [0x1a],
    '\n',
    chunk('IHDR', new Uint8Array(13)),
    ...chunks,
    chunk('IEND', new Uint8Array()),
  )
const riff = (name: string, data: Uint8Array) =>
  bytes(name, uint32(data.length, true), data, data.length % 2 ? [0] : [])
const webp = (...chunks: readonly Uint8Array[]) => {
  const body = bytes('WEBP', riff('VP8X', new Uint8Array(10)), ...chunks)
  return bytes('RIFF', uint32(body.length, true), body)
}

/** EXIF with texts in the tags from 0x0110 downwards, as a program that saves animations writes it. */
function exif(texts: readonly string[], little: boolean, header: boolean): Uint8Array {
  const short = (number: number) => (little ? [number & 255, number >> 8] : [number >> 8, number & 255])
  const long = (number: number) => uint32(number, little)
  const data = texts.map((one) => bytes(one, [0]))
  let at = 8 + 2 + texts.length * 12 + 4
  const entries = data.map((one, number) => {
    const entry = bytes(short(0x110 - number), short(2), long(one.length), long(at))
    at += one.length
    return entry
  })
  return bytes(
    header ? 'Exif\0\0' : '',
    little ? 'II*\0' : 'MM\0*',
    long(8),
    short(texts.length),
    ...entries,
    long(0),
    ...data,
  )
}

const API = '{"1":{"class_type":"SaveImage","inputs":{"filename_prefix":"ünï"}}}'
const UI = '{"nodes":[],"links":[],"version":0.4}'
const packed = deflateSync(Buffer.from(API, 'utf8'))

describe.each([
  ['tEXt', png(chunk('tEXt', bytes('prompt\0', API)))],
  ['zTXt', png(chunk('zTXt', bytes('prompt\0\0', packed)))],
  ['iTXt', png(chunk('iTXt', bytes('prompt\0\0\0de\0Eingabe\0', API)))],
  ['compressed iTXt', png(chunk('iTXt', bytes('prompt\0', [1, 0], '\0\0', packed)))],
  ['EXIF', webp(riff('EXIF', exif([`prompt:${API}`], true, false)))],
  ['EXIF with a header, big-endian', webp(riff('EXIF', exif([`Prompt:${API}`, 'workflow:{}'], false, true)))],
  [
    'XMP',
    webp(
      riff(
        'XMP ',
        bytes(
          `<x:xmpmeta><ink:prompt>${API.replaceAll('"', '&quot;').replace('ü', '&#xfc;')}</ink:prompt></x:xmpmeta>`,
        ),
      ),
    ),
  ],
])('a workflow in %s', (_, file) => {
  test('is found', async () => {
    expect((await readMetadata(file)).get('prompt')).toBe(API)
  })

  test('is refused where the file is cut short', async () => {
    await expect(readMetadata(file.subarray(0, 70))).rejects.toThrow(PictureError)
  })
})

test('Latin-1 that is no UTF-8 is read as such', async () => {
  const found = await readMetadata(png(chunk('tEXt', bytes('a\0', [0xfc, 0x6e]))))
  expect(found.get('a')).toBe('ün')
})

test.each([
  [png(), 'png'],
  [webp(), 'webp'],
  [bytes('\ufeff \n{}'), 'json'],
  [bytes('GIF89a'), 'unknown'],
  [new Uint8Array(), 'unknown'],
] as const)('what a file is, is told by how it begins', (file, kind) => {
  expect(kindOf(file)).toBe(kind)
})

test.each([
  ['JSON', bytes(API), 'api'],
  ['an editor file', bytes(UI), 'editor'],
  [
    'a picture with both',
    png(chunk('tEXt', bytes('prompt\0', API)), chunk('tEXt', bytes('workflow\0', UI))),
    'editor',
  ],
  [
    'a picture whose first is damaged',
    png(chunk('tEXt', bytes('prompt\0', API)), chunk('tEXt', bytes('workflow\0', '{"no'))),
    'api',
  ],
  ['a file that holds it under a key', bytes(`{"workflow":${UI}}`), 'editor'],
])('%s is opened', async (_, file, form) => {
  expect((await openFile(file, DEFINITIONS)).form).toBe(form)
})

test.each([
  ['nothing in it', png(), 'carries no workflow'],
  ['no picture', bytes('GIF89a'), 'neither JSON nor'],
  ['other JSON', bytes('{"a": 1}'), 'this is no workflow'],
  ['a list', bytes('[]'), 'this is no workflow'],
])('%s is refused with a reason', async (_, file, reason) => {
  await expect(openFile(file, DEFINITIONS)).rejects.toThrow(WorkflowError)
  await expect(openFile(file, DEFINITIONS)).rejects.toThrow(reason)
})

test('files of version 1.0, reroutes, strays and unknown things are written as they were read', async () => {
  const files = [
    '{"id":"x","version":1,"state":{"lastNodeId":3,"lastLinkId":"odd"},"nodes":[{"id":"5","type":"Gone","pos":{"0":1.50,"1":2},"flags":{"collapsed":true,"x":[]},"widgets_values":{"0":1e3,"1":"a"},"future":{"2":0,"1":9007199254740993}}],"links":[{"id":1,"origin_id":9,"origin_slot":0,"target_id":5,"target_slot":4,"type":-1,"parentId":2}],"reroutes":[{"id":2,"pos":[1,2],"linkIds":[1]}],"floatingLinks":[],"extra":null}',
    '{"nodes":[{"id":1,"type":"A","inputs":[{"name":"x","type":0,"link":77}],"outputs":[{"name":"o","type":["a"],"links":null}],"widgets_values":null,"properties":null}],"links":[null,[1,null,0,1,0,"X"],[2,1,0,1,0,"X",{"more":1}],[2,1,0,1,0,"X"]],"groups":[{"title":"G","bounding":[0,0,1.0,1],"flags":{}}],"extra":{"reroutes":[{"id":1,"pos":[0,0],"linkIds":[2]}],"linkExtensions":[{"id":2,"parentId":1}],"ds":{"scale":1.0}},"version":0.4}',
    '{"nodes":[],"links":[],"definitions":{"subgraphs":[{"id":"a","name":"A","nodes":[],"links":[],"inputNode":{"id":-10},"definitions":{"subgraphs":[{"id":"b","nodes":[]},{"id":"a"}]}},{"noid":1}]}}',
  ]
  for (const file of files) {
    const { document } = await openFile(bytes(file), DEFINITIONS)
    expect(writeJson(documentJson(document))).toBe(file)
  }
})

test.each([
  ['{"nodes":[3]}', '/nodes/0: a node must be an object, not 3'],
  [
    '{"nodes":[{"id":1.5,"type":"A"}]}',
    '/nodes/0/id: the id of a node must be a whole number or text, not 1.5',
  ],
  ['{"nodes":[{"id":1,"type":"A"},{"id":"1","type":"B"}]}', '/nodes/1/id: two nodes have the id 1'],
  [
    '{"nodes":[],"links":[5]}',
    '/links/0: a link must be [id, source node, output, target node, input, type], not 5',
  ],
  ['{"nodes":[{"id":1,"type":"A","widgets_values":5}]}', '/nodes/0/widgets_values'],
])('%s is refused with its place', async (file, message) => {
  await expect(openFile(bytes(file), DEFINITIONS)).rejects.toThrow(message)
})

test('the workflows of the server come in with all that they say', async () => {
  const cases = parseJson(PROMPTS)
  const prompt = isObject(cases) ? cases.get('text_to_image') : undefined
  const api = isObject(prompt) ? prompt.get('prompt') : undefined
  const { document, form } = await openFile(bytes(writeJson(api ?? null)), DEFINITIONS)
  expect(form).toBe('api')
  expect(document.root.nodes.size).toBe(isObject(api) ? api.size : 0)
})
