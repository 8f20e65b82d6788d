/** What comes over the websocket, as a closed union; kinds that are not known are null. */

import { isObject, type Json, parseJson, plain } from '../json'
import type { NodeOutput } from './shapes'

interface OfRun {
  readonly prompt_id: string
}

export interface NodeProgress {
  readonly value: number
  readonly max: number
  readonly state: 'pending' | 'running' | 'finished' | 'error'
  readonly node_id: string
  readonly display_node_id: string
  readonly parent_node_id: string | null
  readonly real_node_id: string
}

export interface RunFailure extends OfRun {
  readonly node_id: string
  readonly node_type: string
  readonly exception_message: string
  readonly exception_type: string
  readonly traceback: readonly string[]
}

/** Text frames, by their type, with their data; times are milliseconds. */
export type Message =
  | {
      readonly type: 'status'
      readonly data: {
        readonly status: { readonly exec_info: { readonly queue_remaining: number } }
        readonly sid?: string
      }
    }
  | { readonly type: 'feature_flags'; readonly data: Readonly<Record<string, unknown>> }
  | { readonly type: 'execution_start'; readonly data: OfRun & { readonly timestamp: number } }
  | {
      readonly type: 'execution_cached'
      readonly data: OfRun & { readonly nodes: readonly string[]; readonly timestamp: number }
    }
  | {
      readonly type: 'executing'
      readonly data: {
        readonly node: string | null
        readonly display_node?: string
        readonly prompt_id: string
      }
    }
  | {
      readonly type: 'progress'
      readonly data: OfRun & { readonly value: number; readonly max: number; readonly node: string }
    }
  | {
      readonly type: 'progress_state'
      readonly data: OfRun & { readonly nodes: Readonly<Record<string, NodeProgress>> }
    }
  | {
      readonly type: 'executed'
      readonly data: OfRun & {
        readonly node: string
        readonly display_node: string
        readonly output: NodeOutput | null
      }
    }
  | { readonly type: 'execution_success'; readonly data: OfRun & { readonly timestamp: number } }
  | { readonly type: 'execution_error'; readonly data: RunFailure }
  | {
      readonly type: 'execution_interrupted'
      readonly data: OfRun & { readonly node_id: string; readonly node_type: string }
    }
  | {
      readonly type: 'logs'
      readonly data: { readonly entries: readonly { readonly t: string; readonly m: string }[] }
    }
  | Preview

/** A picture of what a node has so far; `node` is null where the frame does not say it. */
export interface Preview {
  readonly type: 'preview'
  readonly node: string | null
  readonly prompt: string | null
  readonly mime: string
  readonly picture: Uint8Array<ArrayBuffer>
}

const TYPES: ReadonlySet<string> = new Set([
  'status',
  'feature_flags',
  'execution_start',
  'execution_cached',
  'executing',
  'progress',
  'progress_state',
  'executed',
  'execution_success',
  'execution_error',
  'execution_interrupted',
  'logs',
])

/** Reads a text frame. Raises `JsonError` for what is no JSON. */
export function readText(text: string): Message | null {
  const found = parseJson(text)
  const type = isObject(found) ? found.get('type') : undefined
  const data: Json = (isObject(found) ? found.get('data') : undefined) ?? null
  if (typeof type !== 'string' || !TYPES.has(type) || !isObject(data)) return null
  return { type, data: plain(data) } as Message
}

const BARE = 1
const WITH_METADATA = 4
const IMAGES = ['', 'image/jpeg', 'image/png']

/** Reads a binary frame: kind 1 (a bare picture) or 4 (with JSON before it). */
export function readBinary(frame: ArrayBuffer): Preview | null {
  if (frame.byteLength < 8) return null
  const view = new DataView(frame)
  const [kind, second] = [view.getUint32(0), view.getUint32(4)]
  if (kind === BARE) {
    const picture = new Uint8Array(frame.slice(8))
    return { type: 'preview', node: null, prompt: null, mime: IMAGES[second] || 'image/jpeg', picture }
  }
  if (kind !== WITH_METADATA || second > frame.byteLength - 8) return null
  const said = parseJson(new TextDecoder().decode(frame.slice(8, 8 + second)))
  const text = (key: string): string | null => {
    const value = isObject(said) ? said.get(key) : undefined
    return typeof value === 'string' ? value : null
  }
  return {
    type: 'preview',
    node: text('display_node_id') ?? text('node_id'),
    prompt: text('prompt_id'),
    mime: text('image_type') ?? 'image/jpeg',
    picture: new Uint8Array(frame.slice(8 + second)),
  }
}
