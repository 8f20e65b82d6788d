/** What the server says, as typed values; those of /v1 are named as in client/values.py. */

import type { Json, JsonObject } from '../json'

export interface FileRef {
  readonly filename: string
  readonly subfolder: string
  readonly type: string
}

/** What a node shows when it is done: pictures, texts, and whatever else its type has. */
export interface NodeOutput {
  readonly images?: readonly FileRef[]
  readonly text?: readonly string[]
  readonly animated?: readonly boolean[]
  readonly [key: string]: unknown
}

/** A prompt that was taken; `nodeErrors` says what is wrong with outputs that will not run (`nodeTroubles`). */
export interface Accepted {
  readonly id: string
  readonly number: number
  readonly nodeErrors: Json
}

/** A job in the queue or in the history; `prompt` and `extra` keep numbers as they were sent. */
export interface QueueItem {
  readonly number: number
  readonly id: string
  readonly prompt: JsonObject
  readonly extra: JsonObject
  readonly outputs: readonly string[]
}

export interface Queue {
  readonly running: readonly QueueItem[]
  readonly pending: readonly QueueItem[]
}

export interface HistoryEntry {
  readonly id: string
  readonly item: QueueItem
  readonly outputs: Readonly<Record<string, NodeOutput>>
  readonly status: {
    readonly status_str: 'success' | 'error'
    readonly completed: boolean
    readonly messages: readonly (readonly [string, Readonly<Record<string, unknown>>])[]
  } | null
}

export type JobState = 'waiting' | 'running' | 'done' | 'failed' | 'cancelled'

/** Why a job failed. */
export interface FailureTold {
  readonly message: string
  readonly exception_type: string
  readonly node?: string | null
  readonly class_type?: string | null
  readonly traceback?: readonly string[]
}

/** A job as /v1 tells it; times are seconds since the epoch. */
export interface JobTold {
  readonly id: string
  readonly state: JobState
  readonly priority: number
  readonly created: number
  readonly started?: number | null
  readonly ended?: number | null
  readonly attempt?: number
  /** How many jobs run before it, while it waits. */
  readonly position?: number | null
  readonly progress?: number | null
  readonly outputs?: Readonly<Record<string, NodeOutput>>
  readonly failure?: FailureTold | null
  readonly retry_of?: string | null
}

/** Some jobs, newest first; `next` is the `before` of the page behind them. */
export interface JobPage {
  readonly jobs: readonly JobTold[]
  readonly next: string | null
}

export interface SystemStats {
  readonly system: Readonly<Record<string, unknown>>
  readonly devices: readonly {
    readonly name: string
    readonly type: string
    readonly index: number | null
    readonly vram_total: number
    readonly vram_free: number
  }[]
}

export interface UserFile {
  readonly path: string
  readonly size: number
  readonly modified: number
  readonly created?: number
}

/** A model's file; `pathIndex` is the number of the place that it lies in, among those of its folder. */
export interface ModelFile {
  readonly name: string
  readonly pathIndex: number
  readonly size: number
  readonly modified: number
  /** Whether there is a picture of it, and whether its header notes something. */
  readonly picture: boolean
  readonly notes: boolean
}

export interface Template {
  readonly name: string
  readonly title?: string
  readonly description?: string
  readonly mediaType?: string
  readonly mediaSubtype?: string
  readonly [key: string]: unknown
}

export interface TemplateGroup {
  readonly moduleName: string
  readonly title: string
  readonly type?: string
  readonly templates: readonly Template[]
}

export type Status = 'cached' | 'run' | 'same' | 'maybe' | 'unneeded' | 'unknown'

export interface ProblemTold {
  readonly code: string
  readonly message: string
  readonly node?: string | null
  readonly input?: string | null
  readonly pointer?: string
  readonly given?: unknown
  readonly expected?: string | null
  readonly nearest?: string | null
}

export interface Reason {
  readonly code: string
  readonly text: string
  readonly input?: string | null
  readonly before?: unknown
  readonly after?: unknown
  readonly nodes?: readonly string[]
}

export interface NodeExplanation {
  readonly node: string
  readonly class_type: string
  readonly status: Status
  readonly where?: string | null
  readonly key?: string | null
  readonly reasons?: readonly Reason[]
  readonly seconds?: number | null
  readonly peak_bytes?: number | null
  readonly measured?: 'same' | 'other' | null
}

export interface Explanation {
  readonly outputs: readonly string[]
  readonly totals: Readonly<Record<Status, number>> & {
    readonly cached_in: Readonly<Record<string, number>>
    readonly seconds: number
    readonly unmeasured: number
    readonly peak_bytes?: number | null
  }
  readonly nodes: readonly NodeExplanation[]
  readonly problems?: readonly ProblemTold[]
}

export interface NodeEstimate {
  readonly node: string
  readonly class_type: string
  readonly status: Status
  readonly seconds?: number | null
  readonly peak_bytes?: number | null
}

export interface Estimate {
  readonly seconds: number | null
  readonly peak_bytes: number | null
  readonly cached: number
  readonly run: number
  readonly unmeasured: number
  readonly fits: boolean | null
  readonly budget_bytes: number | null
  readonly nodes: readonly NodeEstimate[]
}

export interface ResidentModel {
  readonly name: string
  readonly kind: string
  readonly device: string
  readonly resident_bytes: number
  readonly total_bytes: number
  readonly in_use: boolean
}

export interface Residency {
  readonly devices: readonly {
    readonly name: string
    readonly kind: string
    readonly total_bytes: number | null
    readonly budget_bytes: number | null
    readonly used_bytes: number
  }[]
  readonly models: readonly ResidentModel[]
  readonly cache: readonly {
    readonly name: 'memory' | 'disk'
    readonly entries: number
    readonly bytes: number
    readonly budget_bytes: number | null
    readonly hits: number
    readonly misses: number
  }[]
}

/** Of what can't be counted there are no numbers, and `reason` says why. */
export interface TokenCount {
  readonly tokens: number | null
  readonly chunks: number | null
  readonly chunk_size: number
  readonly vocabulary: 'clip' | 'model' | null
  readonly reason?: string
}

export interface Validity {
  readonly valid: boolean
  readonly outputs: readonly string[]
  readonly problems?: readonly ProblemTold[]
}
