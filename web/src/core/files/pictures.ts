/** The workflow in a picture: text chunks of PNG, EXIF and XMP of WebP. Nothing else of the picture is looked at. */

/** Said of a file that is not what it begins as: cut short, or a length that leads out of it. */
export class PictureError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'PictureError'
  }
}

/** Texts by key, like "workflow" and "prompt". */
export type Metadata = ReadonlyMap<string, string>

/** Bytes that a compressed text may become. */
const LARGEST = 64 * 1024 * 1024

const PNG = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]

export type FileKind = 'png' | 'webp' | 'json' | 'unknown'

/** Tells what a file is by how it begins, not by its name. */
export function kindOf(bytes: Uint8Array): FileKind {
  if (PNG.every((one, at) => bytes[at] === one)) return 'png'
  if (ascii(bytes, 0, 4) === 'RIFF' && ascii(bytes, 8, 12) === 'WEBP') return 'webp'
  const start = new TextDecoder()
    .decode(bytes.subarray(0, 64))
    .replace(/^\ufeff/, '')
    .trimStart()
  return start.startsWith('{') || start.startsWith('[') ? 'json' : 'unknown'
}

/** Returns the texts that a picture carries; none for files of other kinds. */
export async function readMetadata(bytes: Uint8Array): Promise<Metadata> {
  const kind = kindOf(bytes)
  if (kind === 'png') return readPng(bytes)
  return kind === 'webp' ? readWebp(bytes) : new Map()
}

async function readPng(bytes: Uint8Array): Promise<Metadata> {
  const view = viewOf(bytes)
  const found = new Map<string, string>()
  for (let at = PNG.length; at + 8 <= bytes.length; ) {
    const length = view.getUint32(at)
    const name = ascii(bytes, at + 4, at + 8)
    const data = bytes.subarray(at + 8, at + 8 + length)
    if (data.length < length) throw new PictureError('this PNG is cut short')
    if (name === 'IEND') break
    const text = await chunkText(name, data)
    if (text !== undefined && !found.has(text[0])) found.set(...text)
    at += 12 + length
  }
  return found
}

async function chunkText(name: string, data: Uint8Array): Promise<[string, string] | undefined> {
  const end = data.indexOf(0)
  if (end < 0) return undefined
  const key = latin1(data.subarray(0, end))
  const rest = data.subarray(end + 1)
  if (name === 'tEXt') return [key, textOf(rest)]
  if (name === 'comf') return [key, latin1(rest)]
  if (name === 'zTXt') return [key, textOf(await inflated(rest.subarray(1)))]
  if (name !== 'iTXt') return undefined
  const compressed = rest[0] === 1
  const language = rest.indexOf(0, 2)
  const translated = rest.indexOf(0, language + 1)
  if (language < 0 || translated < 0) return undefined
  const text = rest.subarray(translated + 1)
  return [key, new TextDecoder().decode(compressed ? await inflated(text) : text)]
}

/** tEXt is Latin-1 by the standard, but some programs write UTF-8 into it. */
function textOf(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    return latin1(bytes)
  }
}

async function inflated(bytes: Uint8Array): Promise<Uint8Array> {
  const stream = new Blob([bytes.slice()]).stream().pipeThrough(new DecompressionStream('deflate'))
  const reader = stream.getReader()
  const parts: Uint8Array[] = []
  let size = 0
  for (;;) {
    const { done, value } = await reader.read().catch(() => {
      throw new PictureError('a compressed text of this picture is damaged')
    })
    if (done) break
    size += value.length
    if (size > LARGEST) throw new PictureError(`a text of this picture is larger than ${LARGEST} bytes`)
    parts.push(value)
  }
  const whole = new Uint8Array(size)
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}

function readWebp(bytes: Uint8Array): Metadata {
  const view = viewOf(bytes)
  const found = new Map<string, string>()
  for (let at = 12; at + 8 <= bytes.length; ) {
    const name = ascii(bytes, at, at + 4)
    const length = view.getUint32(at + 4, true)
    const data = bytes.subarray(at + 8, at + 8 + length)
    if (data.length < length) throw new PictureError('this WebP is cut short')
    if (name === 'EXIF') for (const [key, text] of exifTexts(data)) found.set(key, text)
    if (name === 'XMP ')
      for (const [key, text] of xmpTexts(new TextDecoder().decode(data))) found.set(key, text)
    at += 8 + length + (length % 2)
  }
  return found
}

/** Texts of EXIF that read "key:value", in whatever tag they are. */
function exifTexts(data: Uint8Array): Metadata {
  const tiff = ascii(data, 0, 6) === 'Exif\0\0' ? data.subarray(6) : data
  const found = new Map<string, string>()
  const order = ascii(tiff, 0, 2)
  if (tiff.length < 8 || (order !== 'II' && order !== 'MM')) return found
  const little = order === 'II'
  const view = viewOf(tiff)
  const start = view.getUint32(4, little)
  if (start + 2 > tiff.length) throw new PictureError('the EXIF of this picture is damaged')
  const count = view.getUint16(start, little)
  for (let number = 0; number < count; number += 1) {
    const at = start + 2 + number * 12
    if (at + 12 > tiff.length) throw new PictureError('the EXIF of this picture is damaged')
    const length = view.getUint32(at + 4, little)
    const ASCII = 2
    if (view.getUint16(at + 2, little) !== ASCII) continue
    const from = length <= 4 ? at + 8 : view.getUint32(at + 8, little)
    if (from + length > tiff.length) throw new PictureError('the EXIF of this picture is damaged')
    const text = textOf(tiff.subarray(from, from + length)).replace(/\0+$/, '')
    const colon = text.indexOf(':')
    const key = text.slice(0, Math.max(0, colon)).toLowerCase()
    if (/^[a-z_]+$/.test(key)) found.set(key, text.slice(colon + 1))
  }
  return found
}

/** Texts of XMP in elements or attributes that are called workflow or prompt, whatever their prefix. */
function xmpTexts(xmp: string): Metadata {
  const found = new Map<string, string>()
  for (const key of ['workflow', 'prompt']) {
    const element = new RegExp(`<(?:\\w+:)?${key}>([\\s\\S]*?)</(?:\\w+:)?${key}>`).exec(xmp)
    const attribute = new RegExp(`\\s(?:\\w+:)?${key}="([^"]*)"`).exec(xmp)
    const text = element?.[1] ?? attribute?.[1]
    if (text !== undefined) found.set(key, unescaped(text))
  }
  return found
}

const ENTITIES: ReadonlyMap<string, string> = new Map([
  ['amp', '&'],
  ['lt', '<'],
  ['gt', '>'],
  ['quot', '"'],
  ['apos', "'"],
])

function unescaped(text: string): string {
  return text.replace(/&(#x?[0-9a-fA-F]+|\w+);/g, (whole, name: string) => {
    if (!name.startsWith('#')) return ENTITIES.get(name) ?? whole
    const code = name.startsWith('#x')
      ? Number.parseInt(name.slice(2), 16)
      : Number.parseInt(name.slice(1), 10)
    return code <= 0x10ffff ? String.fromCodePoint(code) : whole
  })
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

function latin1(bytes: Uint8Array): string {
  let found = ''
  for (const byte of bytes) found += String.fromCharCode(byte)
  return found
}

const ascii = (bytes: Uint8Array, from: number, to: number): string => latin1(bytes.subarray(from, to))
