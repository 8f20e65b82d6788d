/** The websocket, opened again whenever it closes, with the same client id. */

import { JsonError } from '../json'
import { type Message, readBinary, readText } from './messages'

/** What is needed of a browser's WebSocket. */
export interface SocketLike {
  binaryType: string
  onopen: (() => void) | null
  onclose: (() => void) | null
  onerror: (() => void) | null
  onmessage: ((event: { readonly data: unknown }) => void) | null
  send(text: string): void
  close(): void
}

export type ConnectionState = 'connecting' | 'open' | 'waiting' | 'closed'

export interface SocketOptions {
  /** The address, given a client id: ws://…/ws?clientId=… */
  readonly open: (clientId: string) => SocketLike
  readonly clientId: string
  readonly onMessage: (message: Message) => void
  /** `retryIn` is milliseconds until the next try, while waiting. */
  readonly onState: (state: ConnectionState, retryIn: number) => void
  /** Said of a frame that can't be read; the connection goes on. */
  readonly onUnreadable: (error: JsonError) => void
  /** Calls back once after some milliseconds; returns what takes it back. */
  readonly later: (milliseconds: number, call: () => void) => () => void
}

export interface Connection {
  /** The id that the server knows this client by. */
  readonly clientId: () => string
  /** Tries again now, instead of when the wait is over. */
  readonly retry: () => void
  readonly close: () => void
}

const FIRST_WAIT = 500
const LONGEST_WAIT = 10_000

/** Returns the wait before the nth try, from 0, in milliseconds. */
export function backoff(tries: number): number {
  return Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** tries)
}

/** Says that this client takes previews with metadata. */
const FLAGS = JSON.stringify({ type: 'feature_flags', data: { supports_preview_metadata: true } })

export function connect(options: SocketOptions): Connection {
  let clientId = options.clientId
  let tries = 0
  let socket: SocketLike | undefined
  let cancelWait: (() => void) | undefined
  let over = false

  function begin(): void {
    cancelWait = undefined
    options.onState('connecting', 0)
    const made = options.open(clientId)
    socket = made
    made.binaryType = 'arraybuffer'
    made.onopen = () => {
      tries = 0
      made.send(FLAGS)
      options.onState('open', 0)
    }
    made.onmessage = ({ data }) => receive(data)
    made.onerror = null // every error is followed by a close
    made.onclose = () => {
      if (socket !== made || over) return
      socket = undefined
      const wait = backoff(tries)
      tries += 1
      options.onState('waiting', wait)
      cancelWait = options.later(wait, begin)
    }
  }

  function receive(data: unknown): void {
    try {
      const message = data instanceof ArrayBuffer ? readBinary(data) : readText(String(data))
      if (message === null) return
      if (message.type === 'status' && message.data.sid) clientId = message.data.sid
      options.onMessage(message)
    } catch (error) {
      if (!(error instanceof JsonError)) throw error
      options.onUnreadable(error)
    }
  }

  begin()
  return {
    clientId: () => clientId,
    retry: () => {
      if (cancelWait === undefined) return
      cancelWait()
      begin()
    },
    close: () => {
      over = true
      cancelWait?.()
      cancelWait = undefined
      socket?.close()
      options.onState('closed', 0)
    },
  }
}
