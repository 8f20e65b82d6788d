/** What happened in a run, and when, as bars over time: put together event by event. Times are seconds of the run. */

/** An event of a job, as the stream tells it. */
export interface JobEvent {
  readonly type: string
  readonly attempt: number
  readonly data: Readonly<Record<string, unknown>>
}

/** Something besides a node's own work that was done for it: a model was loaded, weights were copied. */
export interface Span {
  readonly name: string
  readonly category: string
  readonly node: string | null
  readonly start: number
  readonly seconds: number
  readonly bytes: number | null
}

/** Something at one moment: weights were evicted, another way was taken to fit. */
export interface Mark {
  readonly name: string
  readonly category: string
  readonly node: string | null
  readonly at: number
  readonly bytes: number | null
}

export interface NodeBar {
  readonly node: string
  readonly type: string
  readonly start: number
  /** Null while it runs. */
  readonly end: number | null
  readonly state: 'running' | 'done' | 'failed'
  readonly steps: { readonly done: number; readonly total: number } | null
  /** The step that it went on from; null where it began at the first. */
  readonly resumed: number | null
  readonly peakBytes: number | null
}

export interface Timeline {
  readonly attempt: number
  /** Nodes that the run needs, and those of them whose results were known. */
  readonly nodes: readonly string[]
  readonly cached: readonly string[]
  /** In the order in which they began. */
  readonly bars: readonly NodeBar[]
  readonly spans: readonly Span[]
  readonly marks: readonly Mark[]
  /** The latest time that was told. */
  readonly at: number
  readonly ended: boolean
}

export const NO_TIMELINE: Timeline = {
  attempt: 0,
  nodes: [],
  cached: [],
  bars: [],
  spans: [],
  marks: [],
  at: 0,
  ended: false,
}

/** Takes in one event; a new attempt at the job begins anew. */
export function withEvent(before: Timeline, { type, attempt, data }: JobEvent): Timeline {
  const old = attempt > before.attempt ? { ...NO_TIMELINE, attempt } : before
  const told = number(data['at'])
  if (attempt < before.attempt) return before
  if (type === 'state') return isOver(data) ? closed(old, old.at, data['state'] === 'failed') : old
  if (told === null) return old
  const line = { ...old, at: Math.max(old.at, told) }
  const node = text(data['display_node']) ?? text(data['node'])
  switch (type) {
    case 'run_started':
      return { ...line, nodes: texts(data['nodes']), cached: texts(data['cached']) }
    case 'node_started':
      return node === null ? line : { ...line, bars: started(line.bars, node, told, data) }
    case 'progress':
      return changed(line, node, (bar) => ({
        ...bar,
        steps: { done: number(data['done']) ?? 0, total: number(data['total']) ?? 0 },
        resumed: bar.steps === null ? resumedFrom(attempt, number(data['done']) ?? 0) : bar.resumed,
      }))
    case 'node_finished':
      if (data['cached'] === true || node !== text(data['node'])) return line
      return changed(line, node, (bar) => ({
        ...bar,
        state: bar.state === 'failed' ? 'failed' : 'done',
        end: told,
        peakBytes: number(data['peak_bytes']),
        ...stepsOf(bar, attempt, data['steps']),
      }))
    case 'node_failed':
      return changed(line, node, (bar) => ({ ...bar, state: 'failed', end: told }))
    case 'span':
      return { ...line, spans: [...line.spans, spanOf(data, told)] }
    case 'mark':
      return { ...line, marks: [...line.marks, markOf(data, told)] }
    case 'recap':
      return {
        ...line,
        spans: entries(data['spans']).map((one) => spanOf(one, told)),
        marks: entries(data['marks']).map((one) => markOf(one, told)),
      }
    case 'run_failed':
    case 'run_done':
    case 'run_cancelled':
      return closed(line, told, type === 'run_failed')
    default:
      return line
  }
}

const isOver = (data: JobEvent['data']) => data['state'] !== 'waiting' && data['state'] !== 'running'

/** The end of a run, or of one that could not say so itself. */
const closed = (line: Timeline, at: number, failed: boolean): Timeline => ({
  ...line,
  ended: true,
  bars: line.bars.map((bar) =>
    bar.end === null ? { ...bar, end: at, state: failed ? 'failed' : 'done' } : bar,
  ),
})

/** What a node's end says of its steps, for who has not heard of them one by one. */
function stepsOf(bar: NodeBar, attempt: number, told: unknown): Pick<NodeBar, 'steps' | 'resumed'> {
  const [first, done, total] = Array.isArray(told) ? told.map(number) : []
  if (first == null || done == null || total == null) return { steps: bar.steps, resumed: bar.resumed }
  return { steps: { done, total }, resumed: bar.resumed ?? resumedFrom(attempt, first) }
}

/** The first step that is told is one that was just done: in another attempt, those before it were kept. */
function resumedFrom(attempt: number, done: number): number | null {
  return attempt > 1 && done > 1 ? done - 1 : null
}

function started(
  bars: readonly NodeBar[],
  node: string,
  start: number,
  data: JobEvent['data'],
): readonly NodeBar[] {
  if (bars.some((bar) => bar.node === node && bar.end === null)) return bars // one that it expanded into
  const type = text(data['class_type']) ?? ''
  const bar: NodeBar = {
    node,
    type,
    start,
    end: null,
    state: 'running',
    steps: null,
    resumed: null,
    peakBytes: null,
  }
  return [...bars, bar]
}

function changed(line: Timeline, node: string | null, change: (bar: NodeBar) => NodeBar): Timeline {
  const at = line.bars.findLastIndex((bar) => bar.node === node)
  const bar = line.bars[at]
  return bar === undefined ? line : { ...line, bars: line.bars.with(at, change(bar)) }
}

function aboutOf(data: JobEvent['data']): Omit<Mark, 'at'> {
  const args = (data['args'] ?? {}) as Readonly<Record<string, unknown>>
  return {
    name: text(data['name']) ?? '',
    category: text(data['category']) ?? '',
    node: text(data['node']),
    bytes: number(args['bytes']),
  }
}

function markOf(data: JobEvent['data'], at: number): Mark {
  return { ...aboutOf(data), at: number(data['at']) ?? at }
}

function spanOf(data: JobEvent['data'], at: number): Span {
  const start = number(data['start']) ?? at
  return { ...aboutOf(data), start, seconds: number(data['seconds']) ?? 0 }
}

/** Returns how far each node that began is, 0..1. */
export function partsOf(line: Timeline): ReadonlyMap<string, number> {
  const running = ({ end, steps }: NodeBar) =>
    end !== null ? 1 : steps === null || steps.total === 0 ? 0 : steps.done / steps.total
  return new Map(line.bars.map((bar) => [bar.node, running(bar)] as const))
}

/** Returns the times to write below an axis of so many seconds: round ones, at most about `most`. */
export function ticksOf(seconds: number, most: number): readonly number[] {
  if (!(seconds > 0)) return [0]
  const least = seconds / Math.max(1, most)
  const power = 10 ** Math.floor(Math.log10(least))
  const step = [1, 2, 5, 10].map((one) => one * power).find((one) => one >= least) ?? least
  return Array.from({ length: Math.floor(seconds / step) + 1 }, (_, at) => Number((at * step).toPrecision(6)))
}

function entries(value: unknown): readonly JobEvent['data'][] {
  return Array.isArray(value) ? value.filter((one) => typeof one === 'object' && one !== null) : []
}

function number(value: unknown): number | null {
  return typeof value === 'number' ? value : null
}

function text(value: unknown): string | null {
  return typeof value === 'string' ? value : null
}

function texts(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((one) => typeof one === 'string') : []
}
