/** Asking the server over HTTP. `fetch` is given, so that this runs anywhere. */

import type { Document } from '../document'
import { documentJson } from '../files/writing'
import {
  EMPTY,
  isList,
  isObject,
  type Json,
  JsonError,
  type JsonObject,
  parseJson,
  plain,
  withKeys,
  writeJson,
} from '../json'
import type { Prompt } from '../prompt/convert'
import type { TokenQuestion } from '../prompt/tokens'
import type {
  Accepted,
  Estimate,
  Explanation,
  FileRef,
  HistoryEntry,
  JobPage,
  JobTold,
  ModelFile,
  NodeOutput,
  Queue,
  QueueItem,
  Residency,
  SystemStats,
  TemplateGroup,
  TokenCount,
  UserFile,
  Validity,
} from './shapes'

export type Fetch = (url: string, options?: RequestInit) => Promise<Response>

/** Said when the server refuses something; `body` is what it says about it, if that is JSON. */
export class ServerError extends Error {
  readonly status: number
  readonly body: Json

  constructor(message: string, status: number, body: Json) {
    super(message)
    this.name = 'ServerError'
    this.status = status
    this.body = body
  }
}

/** Said when the server could not be asked at all. */
export class OfflineError extends Error {
  constructor(cause: unknown) {
    super('the server could not be reached', { cause })
    this.name = 'OfflineError'
  }
}

export interface QueueOptions {
  readonly clientId?: string | undefined
  /** What the job shall be called; the server finds a name otherwise. */
  readonly id?: string
  /** The document that the prompt was made of: it goes into the pictures. */
  readonly document?: Document
  readonly front?: boolean
  readonly targets?: readonly string[]
}

export type Api = ReturnType<typeof apiOf>

const encoded = encodeURIComponent

/** Returns what can be asked of the server at `base`: nothing for this page's own, else an address or a prefix. */
export function apiOf(fetch: Fetch, base = '') {
  const root = base.replace(/\/+$/, '')

  async function ask(path: string, options?: RequestInit): Promise<Response> {
    const answer = await fetch(`${root}${path}`, options).catch((error: unknown) => {
      if (error instanceof DOMException && error.name === 'AbortError') throw error
      throw new OfflineError(error)
    })
    if (!answer.ok) throw await refusal(answer)
    return answer
  }
  async function json(path: string, options?: RequestInit): Promise<Json> {
    return parseJson(await (await ask(`/api${path}`, options)).text())
  }
  async function told<T>(path: string, options?: RequestInit): Promise<T> {
    return plain(await json(path, options)) as T
  }
  const post = (body: Json, signal?: AbortSignal): RequestInit => ({
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: writeJson(body),
    ...(signal ? { signal } : {}),
  })
  const question = (workflow: Json, targets?: readonly string[], signal?: AbortSignal) =>
    post(object({ workflow, targets: targets && [...targets] }), signal)

  return {
    /** Text of /object_info, for `readObjectInfo`. */
    objectInfo: async (): Promise<string> => (await ask('/api/object_info', { cache: 'no-store' })).text(),

    /** Queues a prompt. Raises `ServerError` with what is wrong, for `problemsOf`. */
    queue: async (prompt: Prompt, options: QueueOptions = {}): Promise<Accepted> => {
      const workflow = options.document && documentJson(options.document)
      const extra = workflow && object({ extra_pnginfo: object({ workflow }) })
      const targets = options.targets && [...options.targets]
      const { clientId, front, id: wanted } = options
      const body = {
        client_id: clientId,
        prompt_id: wanted,
        prompt,
        extra_data: extra,
        front,
        partial_execution_targets: targets,
      }
      const found = await json('/prompt', post(object(body)))
      const said = isObject(found) ? found : EMPTY
      const [id, number, errors] = ['prompt_id', 'number', 'node_errors'].map((key) => said.get(key) ?? null)
      return { id: String(id), number: Number(plain(number ?? 0)), nodeErrors: errors ?? null }
    },
    queued: async (): Promise<Queue> => {
      const found = await json('/queue')
      const list = (key: string) => {
        const items = isObject(found) ? found.get(key) : undefined
        return (isList(items) ? items : []).map(queueItem).sort((one, other) => one.number - other.number)
      }
      return { running: list('queue_running'), pending: list('queue_pending') }
    },
    cancelWaiting: (ids: readonly string[]) => ask('/api/queue', post(object({ delete: [...ids] }))),
    clearQueue: () => ask('/api/queue', post(object({ clear: true }))),
    /** Stops what runs, or only the job of this id. */
    interrupt: (id?: string) => ask('/api/interrupt', post(object({ prompt_id: id }))),

    /** The newest finished jobs, newest first. */
    history: async (most = 64): Promise<readonly HistoryEntry[]> =>
      historyEntries(await json(`/history?max_items=${most}`)).toReversed(),
    job: async (id: string): Promise<HistoryEntry | undefined> =>
      historyEntries(await json(`/history/${encoded(id)}`))[0],
    forget: (ids: readonly string[]) => ask('/api/history', post(object({ delete: [...ids] }))),
    clearHistory: () => ask('/api/history', post(object({ clear: true }))),

    /** Jobs of this user, newest first; `before` is the `next` of the page before. */
    jobs: (options: { readonly limit?: number; readonly before?: string } = {}): Promise<JobPage> => {
      const query = Object.entries(options).map(([key, value]) => `${key}=${encoded(value)}`)
      return told(`/v1/jobs?${query.join('&')}`)
    },
    cancelJob: (id: string): Promise<JobTold> => told(`/v1/jobs/${encoded(id)}/cancel`, { method: 'POST' }),
    retryJob: (id: string): Promise<JobTold> => told(`/v1/jobs/${encoded(id)}/retry`, { method: 'POST' }),
    /** Gives a waiting job another place: lower runs first. */
    placeJob: (id: string, priority: number | 'front'): Promise<JobTold> =>
      told(`/v1/jobs/${encoded(id)}`, { ...post(object({ priority })), method: 'PATCH' }),
    forgetJob: (id: string) => ask(`/api/v1/jobs/${encoded(id)}`, { method: 'DELETE' }),
    /** The address of what happens in a job, as server-sent events. */
    jobEventsUrl: (id: string): string => `${root}/api/v1/jobs/${encoded(id)}/events`,
    /** What a job runs, in API format. */
    jobWorkflow: async (id: string): Promise<string> =>
      (await ask(`/api/v1/jobs/${encoded(id)}/workflow`)).text(),

    /** The address of a file of the data folder; a preview is a smaller picture of the given form. */
    viewUrl: (
      file: FileRef,
      options: { readonly preview?: string; readonly channel?: string; readonly stamp?: string } = {},
    ): string => {
      const { filename, subfolder, type } = file
      const query = Object.entries({ filename, subfolder, type, ...options }).flatMap(([key, value]) =>
        value === undefined ? [] : [`${key}=${encoded(value)}`],
      )
      return `${root}/api/view?${query.join('&')}`
    },
    upload: (
      image: Blob,
      name: string,
      options: { readonly type?: string; readonly subfolder?: string; readonly overwrite?: boolean } = {},
    ): Promise<{ name: string; subfolder: string; type: string }> => {
      const form = new FormData()
      form.set('image', image, name)
      form.set('type', options.type ?? 'input')
      if (options.subfolder) form.set('subfolder', options.subfolder)
      if (options.overwrite) form.set('overwrite', 'true')
      return told('/upload/image', { method: 'POST', body: form })
    },
    uploadMask: (
      mask: Blob,
      name: string,
      original: FileRef,
    ): Promise<{ name: string; subfolder: string; type: string }> => {
      const form = new FormData()
      form.set('image', mask, name)
      form.set('original_ref', JSON.stringify(original))
      return told('/upload/mask', { method: 'POST', body: form })
    },

    /** The files in a folder of a person's, at any depth. It need not be there: it comes with its first file. */
    userFiles: async (folder: string): Promise<readonly UserFile[]> => {
      // All folders are asked for, since the browser's log tells of an answer that one is not there.
      const all = await told<readonly (UserFile & { readonly type: string })[]>('/v2/userdata')
      const begin = `${folder}/`
      return all
        .filter(({ path, type }) => type === 'file' && path.startsWith(begin))
        .map(({ path, size, modified }) => ({ path: path.slice(begin.length), size, modified }))
    },
    readUserFile: async (path: string): Promise<string> =>
      (await ask(`/api/userdata/${encoded(path)}`)).text(),
    /** Saves a file. Without `overwrite`, one that is there stays and `ServerError` says 409. */
    saveUserFile: (path: string, text: string, overwrite = true): Promise<UserFile> =>
      told(`/userdata/${encoded(path)}?overwrite=${overwrite}&full_info=true`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: text,
      }),
    deleteUserFile: (path: string) => ask(`/api/userdata/${encoded(path)}`, { method: 'DELETE' }),
    moveUserFile: (from: string, to: string, overwrite = false) =>
      ask(`/api/userdata/${encoded(from)}/move/${encoded(to)}?overwrite=${overwrite}`, { method: 'POST' }),

    settings: async (): Promise<JsonObject> => {
      const found = await json('/settings')
      return isObject(found) ? found : EMPTY
    },
    saveSetting: (id: string, value: Json) => ask(`/api/settings/${encoded(id)}`, post(value)),

    templates: async (): Promise<readonly TemplateGroup[]> =>
      plain(parseJson(await (await ask('/templates/index.json')).text())) as TemplateGroup[],
    template: async (name: string): Promise<string> => (await ask(`/templates/${encoded(name)}.json`)).text(),

    templatePicture: (name: string): string => `${root}/templates/${encoded(name)}-1.webp`,

    /** The files directly in one of the data folders, the newest first. */
    files: async (kind: 'input' | 'output' | 'temp'): Promise<readonly string[]> =>
      plain(parseJson(await (await ask(`/internal/files/${kind}`)).text())) as string[],
    /** What a file of the data folder holds. */
    bytes: async (url: string): Promise<Uint8Array> =>
      new Uint8Array(await (await ask(url.slice(root.length))).arrayBuffer()),

    /** A picture of a model; null where there is none. */
    modelPicture: async (folder: string, place: number, name: string): Promise<Blob | null> => {
      const path = name.split('/').map(encoded).join('/')
      const answer = await fetch(`${root}/api/experiment/models/preview/${encoded(folder)}/${place}/${path}`)
      return answer.ok ? answer.blob() : null
    },
    /** What the header of a safetensors file notes. */
    modelNotes: (folder: string, name: string): Promise<Readonly<Record<string, unknown>>> =>
      told(`/view_metadata/${encoded(folder)}?filename=${encoded(name)}`),
    models: (folder: string): Promise<readonly ModelFile[]> => told(`/experiment/models/${encoded(folder)}`),
    modelFolders: (): Promise<readonly { name: string; folders: readonly string[] }[]> =>
      told('/experiment/models'),
    embeddings: (): Promise<readonly string[]> => told('/embeddings'),
    systemStats: (): Promise<SystemStats> => told('/system_stats'),
    free: (models: boolean, results: boolean) =>
      ask('/api/free', post(object({ unload_models: models, free_memory: results }))),
    /** Asks for new lines of the log on the websocket of this client, or for no more. */
    followLogs: (clientId: string, enabled: boolean) =>
      ask('/internal/logs/subscribe', { ...post(object({ clientId, enabled })), method: 'PATCH' }),
    logs: async (): Promise<readonly { t: string; m: string }[]> => {
      const found = plain(parseJson(await (await ask('/internal/logs/raw')).text())) as {
        entries: { t: string; m: string }[]
      }
      return found.entries
    },

    /** What a run would do, and why; nothing runs. */
    explain: (workflow: Prompt, targets?: readonly string[], signal?: AbortSignal): Promise<Explanation> =>
      told('/v1/explain', question(workflow, targets, signal)),
    estimate: (workflow: Prompt, targets?: readonly string[], signal?: AbortSignal): Promise<Estimate> =>
      told('/v1/estimate', question(workflow, targets, signal)),
    validate: (workflow: Prompt, targets?: readonly string[], signal?: AbortSignal): Promise<Validity> =>
      told('/v1/validate', question(workflow, targets, signal)),
    residency: (): Promise<Residency> => told('/v1/residency'),
    tokens: ({ text, syntax, loader }: TokenQuestion, signal?: AbortSignal): Promise<TokenCount> =>
      told('/v1/tokens', post(object({ text, syntax, loader }), signal)),
  }
}

async function refusal(answer: Response): Promise<ServerError> {
  const text = await answer.text()
  try {
    const body = parseJson(text)
    return new ServerError(messageIn(body) ?? `the server answered ${answer.status}`, answer.status, body)
  } catch (error) {
    if (!(error instanceof JsonError)) throw error
    return new ServerError(
      text.trim().slice(0, 500) || `the server answered ${answer.status}`,
      answer.status,
      null,
    )
  }
}

function messageIn(body: Json): string | undefined {
  const found = isObject(body) ? (body.get('error') ?? body) : undefined
  const message = isObject(found) ? found.get('message') : found
  return typeof message === 'string' ? message : undefined
}

/** Returns an object without what is undefined. */
function object(entries: Readonly<Record<string, Json | undefined>>): JsonObject {
  return withKeys(EMPTY, entries)
}

function queueItem(item: Json): QueueItem {
  const [number, id, prompt, extra, outputs] = isList(item) ? item : []
  const list = isList(outputs) ? outputs : []
  return {
    number: Number(plain(number ?? 0)),
    id: String(id),
    prompt: isObject(prompt) ? prompt : EMPTY,
    extra: isObject(extra) ? extra : EMPTY,
    outputs: list.map(String),
  }
}

function historyEntries(found: Json): readonly HistoryEntry[] {
  return [...(isObject(found) ? found : EMPTY)].flatMap(([id, entry]) => {
    if (!isObject(entry)) return []
    const outputs = plain(entry.get('outputs') ?? EMPTY) as Readonly<Record<string, NodeOutput>>
    const status = plain(entry.get('status') ?? null) as HistoryEntry['status']
    return [{ id, item: queueItem(entry.get('prompt') ?? null), outputs, status }]
  })
}
