import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { setValue } from '../commands/nodes'
import { toSubgraph } from '../commands/subgraphs'
import { parseJson, plain, writeJson } from '../json'
import { apply } from '../operations'
import { toPrompt } from '../prompt/convert'
import { BEGINNING, DEFINITIONS, scene } from '../testdata/documents'
import { apiOf, OfflineError, ServerError } from './client'
import { locate, problemsOf } from './errors'
import { type Message, readBinary, readText } from './messages'
import { backoff, type ConnectionState, connect, type SocketLike } from './socket'

const big = '18446744073709551615'

describe('frames', () => {
  const frame = (...parts: readonly (string | readonly number[])[]) => {
    const whole = Buffer.concat(parts.map((one) => Buffer.from(one as never)))
    return whole.buffer.slice(whole.byteOffset, whole.byteOffset + whole.byteLength) as ArrayBuffer
  }

  test.each([
    [
      '{"type":"executing","data":{"node":null,"prompt_id":"p"}}',
      { type: 'executing', data: { node: null, prompt_id: 'p' } },
    ],
    ['{"type":"new_kind","data":{}}', null],
    ['{"type":"status"}', null],
    ['[]', null],
  ])('%s is %o', (text, message) => {
    expect(readText(text)).toEqual(message)
  })

  const said = '{"node_id":"5","display_node_id":"12:5","prompt_id":"p","image_type":"image/png"}'
  test.each([
    ['bare JPEG', frame([0, 0, 0, 1, 0, 0, 0, 1], 'abc'), { node: null, prompt: null, mime: 'image/jpeg' }],
    ['bare PNG', frame([0, 0, 0, 1, 0, 0, 0, 2], 'abc'), { node: null, prompt: null, mime: 'image/png' }],
    [
      'with metadata',
      frame([0, 0, 0, 4, 0, 0, 0, said.length], said, 'abc'),
      { node: '12:5', prompt: 'p', mime: 'image/png' },
    ],
  ])('a preview %s', (_, given, about) => {
    expect(readBinary(given)).toEqual({
      type: 'preview',
      ...about,
      picture: new Uint8Array(Buffer.from('abc')),
    })
  })

  test.each([frame([]), frame([0, 0, 0, 9, 0, 0, 0, 0]), frame([0, 0, 0, 4, 255, 0, 0, 0], 'abc')])(
    'others are none',
    (given) => {
      expect(readBinary(given)).toBeNull()
    },
  )
})

describe('the websocket', () => {
  /** Sockets that one opens and closes by hand, and a clock that one turns. */
  function setting() {
    const sockets: (SocketLike & { id: string; sent: string[] })[] = []
    const states: ConnectionState[] = []
    const messages: Message[] = []
    const waiting: { wait: number; call: () => void }[] = []
    const unreadable: string[] = []
    const connection = connect({
      clientId: 'mine',
      open: (id) => {
        const socket = {
          id,
          sent: [] as string[],
          binaryType: '',
          onopen: null,
          onclose: null,
          onerror: null,
          onmessage: null,
          send: (text: string) => void socket.sent.push(text),
          close: () => {},
        }
        sockets.push(socket)
        return socket
      },
      onMessage: (message) => void messages.push(message),
      onState: (state) => void states.push(state),
      onUnreadable: (error) => void unreadable.push(error.message),
      later: (wait, call) => {
        const one = { wait, call }
        waiting.push(one)
        return () => void waiting.splice(waiting.indexOf(one), 1)
      },
    })
    const last = () => sockets.at(-1) as (typeof sockets)[number]
    return { connection, sockets, states, messages, waiting, unreadable, last }
  }

  test('says what it takes, keeps the id that the server gives, and comes back with it', () => {
    const { sockets, last, waiting, connection, states, messages } = setting()
    last().onopen?.()
    expect(last().sent).toEqual(['{"type":"feature_flags","data":{"supports_preview_metadata":true}}'])
    last().onmessage?.({
      data: '{"type":"status","data":{"status":{"exec_info":{"queue_remaining":0}},"sid":"given"}}',
    })
    expect([connection.clientId(), messages.length]).toEqual(['given', 1])
    last().onclose?.()
    waiting.shift()?.call()
    expect(sockets.map((one) => one.id)).toEqual(['mine', 'given'])
    expect(states).toEqual(['connecting', 'open', 'waiting', 'connecting'])
  })

  test('waits longer each time, from the beginning after it was open, and not at all when told so', () => {
    const { last, waiting, connection, sockets } = setting()
    const waits: number[] = []
    for (let tries = 0; tries < 7; tries += 1) {
      last().onclose?.()
      waits.push(waiting[0]?.wait ?? 0)
      waiting.shift()?.call()
    }
    expect(waits).toEqual([500, 1000, 2000, 4000, 8000, 10000, 10000])
    last().onopen?.()
    last().onclose?.()
    expect(waiting[0]?.wait).toBe(backoff(0))
    connection.retry()
    expect([waiting.length, sockets.length]).toEqual([0, 9])
  })

  test('stays closed when it is closed, and goes on after what it can not read', () => {
    const { last, waiting, connection, unreadable, messages } = setting()
    last().onopen?.()
    last().onmessage?.({ data: '{"type"' })
    last().onmessage?.({ data: '{"type":"progress","data":{"value":1,"max":2,"prompt_id":"p","node":"1"}}' })
    expect([unreadable.length, messages.length]).toEqual([1, 1])
    connection.close()
    last().onclose?.()
    expect(waiting).toEqual([])
  })
})

describe('over HTTP', () => {
  const asked: { method: string; url: string; body: string }[] = []
  const answers = new Map<string, [number, string]>()
  let server: Server
  let base = ''
  const read = async (request: IncomingMessage) => {
    let found = ''
    for await (const part of request) found += String(part)
    return found
  }
  beforeAll(async () => {
    server = createServer(async (request, response) => {
      asked.push({ method: request.method ?? '', url: request.url ?? '', body: await read(request) })
      const [status, text] = answers.get(`${request.method} ${request.url}`) ?? [404, '404: Not Found']
      response.writeHead(status, { Connection: 'close' }).end(text)
    })
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
    base = `http://127.0.0.1:${(server.address() as AddressInfo).port}/prefix/`
  })
  afterAll(() => new Promise<void>((done) => server.close(() => done())))
  const on = (what: string, text: string, status = 200) =>
    answers.set(what.replace(' /', ' /prefix/'), [status, text])

  test('a prompt is sent with exact numbers and its document', async () => {
    on('POST /api/prompt', '{"prompt_id":"p","number":3,"node_errors":{}}')
    const { document } = apply(
      BEGINNING,
      setValue(scene(BEGINNING), '4', { name: 'seed', holder: null }, BigInt(big)),
    )
    const prompt = toPrompt(document, DEFINITIONS, { now: new Date(), choose: () => 0 })
    const found = await apiOf(fetch, base).queue(prompt, { clientId: 'me', document, front: true })
    expect(found).toMatchObject({ id: 'p', number: 3 })
    const body = asked.at(-1)?.body ?? ''
    expect(body).toContain(`"seed":${big}`)
    expect(plain(parseJson(body))).toMatchObject({
      client_id: 'me',
      front: true,
      extra_data: { extra_pnginfo: { workflow: { version: 0.4 } } },
    })
    expect(body).not.toContain('partial_execution_targets')
  })

  test('the queue is in order, the history newest first, numbers as they were sent', async () => {
    on(
      'GET /api/queue',
      `{"queue_running":[],"queue_pending":[[2,"b",{},{},["9"]],[-1,"a",{"1":{"inputs":{"seed":${big}}}},{},[]]]}`,
    )
    on(
      'GET /api/history?max_items=64',
      '{"old":{"prompt":[0,"old",{},{},[]],"outputs":{"9":{"images":[{"filename":"a.png","subfolder":"","type":"output"}]}},"status":null},"new":{"prompt":[1,"new",{},{},[]],"outputs":{}}}',
    )
    const api = apiOf(fetch, base)
    const { pending } = await api.queued()
    expect(pending.map((one) => one.id)).toEqual(['a', 'b'])
    expect(writeJson(pending[0]?.prompt ?? null)).toContain(big)
    const history = await api.history()
    expect(history.map((one) => one.id)).toEqual(['new', 'old'])
    expect(history[1]?.outputs['9']?.images?.[0]?.filename).toBe('a.png')
  })

  test('files are named so that any name is one', async () => {
    on('POST /api/userdata/workflows%2Fa%20b%25.json?overwrite=false&full_info=true', 'File exists', 409)
    const api = apiOf(fetch, base)
    expect(
      api.viewUrl({ filename: 'a&b #.png', subfolder: 'x/ü', type: 'output' }, { preview: 'webp;90' }),
    ).toBe(`${base}api/view?filename=a%26b%20%23.png&subfolder=x%2F%C3%BC&type=output&preview=webp%3B90`)
    await expect(api.saveUserFile('workflows/a b%.json', '{}', false)).rejects.toMatchObject({
      status: 409,
      message: 'File exists',
    })
    on(
      'GET /api/v2/userdata',
      `[{"name":"a","path":"workflows/a","type":"directory"},
        {"name":"b.json","path":"workflows/a/b.json","type":"file","size":2,"modified":7.5},
        {"name":"c.json","path":"workflows_old/c.json","type":"file","size":2,"modified":7.5}]`,
    )
    expect(await api.userFiles('workflows')).toEqual([{ path: 'a/b.json', size: 2, modified: 7.5 }])
    expect(await api.userFiles('nothing')).toEqual([])
  })

  test('questions of /v1 name the workflow and what is wanted', async () => {
    on('POST /api/v1/explain', '{"outputs":["9"],"totals":{"cached":1},"nodes":[]}')
    expect((await apiOf(fetch, base).explain(new Map(), ['9'])).outputs).toEqual(['9'])
    expect(asked.at(-1)?.body).toBe('{"workflow":{},"targets":["9"]}')
  })

  test('a server that is not there is told from one that refuses', async () => {
    await expect(apiOf(fetch, 'http://127.0.0.1:1').settings()).rejects.toThrow(OfflineError)
    await expect(apiOf(fetch, base).settings()).rejects.toThrow(ServerError)
  })
})

describe('what is wrong with a prompt', () => {
  const made = toSubgraph(scene(BEGINNING), ['4', '6'], 'Sub', () => 'sub')
  const document = apply(BEGINNING, made.ops).document
  const inner = `${made.instance}:4`
  const refused = (body: object) =>
    problemsOf(new ServerError('refused', 400, parseJson(JSON.stringify(body))), document, DEFINITIONS)

  test.each([
    ['1', { graph: '', node: '1', path: [] }],
    [inner, { graph: 'sub', node: '4', path: [made.instance] }],
    ['1.0.3', undefined],
    ['99', undefined],
    [`${made.instance}:99`, undefined],
  ])('node %s lies at %o', (id, where) => {
    expect(locate(document, id)).toEqual(where)
  })

  test('is told at its node and field, with the nearest right value', () => {
    const set = apply(
      document,
      setValue(scene(document, 'sub'), '4', { name: 'sampler_name', holder: null }, 'eulr'),
    ).document
    const reason = {
      type: 'value_not_in_list',
      message: 'Value not in list',
      details: "sampler_name: 'eulr' not in [...]",
      extra_info: { input_name: 'sampler_name' },
    }
    const body = {
      error: { type: 'prompt_outputs_failed_validation', message: 'x' },
      node_errors: { [inner]: { errors: [reason], class_type: 'KSampler' } },
    }
    const [found] = problemsOf(new ServerError('x', 400, parseJson(JSON.stringify(body))), set, DEFINITIONS)
    expect(found).toMatchObject({
      code: 'value_not_in_list',
      input: 'sampler_name',
      where: { graph: 'sub', node: '4' },
      fix: 'euler',
    })
    expect(found?.field?.name).toBe('sampler_name')
  })

  test('is told in the words of /v1, too', () => {
    const problems = [
      {
        code: 'value_too_large',
        message: 'steps is too large',
        node: '1',
        input: 'ckpt_name',
        nearest: 'no option',
      },
    ]
    expect(refused({ code: 'invalid_workflow', message: 'x', problems })).toMatchObject([
      { code: 'value_too_large', id: '1', input: 'ckpt_name', fix: undefined },
    ])
  })

  test.each([
    [
      {
        error: { type: 'invalid_prompt', message: 'Node Gone does not exist.', details: "Node ID '#1'" },
        node_errors: {},
      },
      { code: 'invalid_prompt', where: { node: '1' } },
    ],
    [
      { code: 'queue_full', message: 'the queue is full' },
      { code: 'queue_full', id: null, message: 'the queue is full' },
    ],
  ])('of the whole workflow: %o', (body, wanted) => {
    expect(refused(body)).toMatchObject([wanted])
  })
})
