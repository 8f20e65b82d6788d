/** Workflows in addresses: all of one behind the #, packed, so that a link needs nothing else. */

import type { Face } from './app'

export interface Shared {
  readonly name: string
  readonly text: string
  /** What of it is shown first. */
  readonly face: Face
}

const KEY = 'workflow'

/** Bytes that the text of a shared workflow may have, so that a small address can't fill the memory. */
const MOST = 16 * 2 ** 20

/** Returns the part of an address behind the #. */
export async function linkOf({ name, text, face }: Shared): Promise<string> {
  const bytes = await collected(packed(new TextEncoder().encode(text)), Number.POSITIVE_INFINITY)
  const said = new URLSearchParams({ name, face })
  return `#${said}&${KEY}=${toBase64(bytes)}`
}

/** Returns what an address holds; null where it holds no workflow. Raises for one that is damaged. */
export async function readLink(address: string): Promise<Shared | null> {
  const said = new URLSearchParams(address.replace(/^#/, ''))
  const held = said.get(KEY)
  if (held === null) return null
  const bytes = await collected(unpacked(fromBase64(held)), MOST)
  return {
    name: said.get('name') ?? '',
    text: new TextDecoder().decode(bytes),
    face: said.get('face') === 'form' ? 'form' : 'graph',
  }
}

type Bytes = Uint8Array<ArrayBuffer>

const packed = (bytes: Bytes) => new Blob([bytes]).stream().pipeThrough(new CompressionStream('deflate-raw'))
const unpacked = (bytes: Bytes) =>
  new Blob([bytes]).stream().pipeThrough(new DecompressionStream('deflate-raw'))

async function collected(stream: ReadableStream<Uint8Array>, most: number): Promise<Bytes> {
  const parts: Uint8Array[] = []
  let size = 0
  const reader = stream.getReader()
  for (let next = await reader.read(); !next.done; next = await reader.read()) {
    size += next.value.length
    if (size > most) {
      await reader.cancel()
      throw new Error(`the workflow in this address has more than ${most} bytes`)
    }
    parts.push(next.value)
  }
  const all = new Uint8Array(size)
  let at = 0
  for (const part of parts) {
    all.set(part, at)
    at += part.length
  }
  return all
}

/** Base64 with letters that need no escapes in an address. */
function toBase64(bytes: Bytes): string {
  const letters = Array.from(bytes, (byte) => String.fromCharCode(byte)).join('')
  return btoa(letters).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '')
}

function fromBase64(text: string): Bytes {
  const letters = atob(text.replaceAll('-', '+').replaceAll('_', '/'))
  return Uint8Array.from(letters, (letter) => letter.charCodeAt(0))
}
