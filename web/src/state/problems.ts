/** What is wrong in a workflow, shown at its nodes, and mended. */

import { locate, type Trouble } from '../core/api/errors'
import { setValue } from '../core/commands/nodes'
import { graphOf } from '../core/document'
import type { Json } from '../core/json'
import type { Problem, WorkflowError } from '../core/problems'
import { shownValues } from '../core/widgets'
import type { App } from './app'
import { editTab } from './editing'
import { key, type NodeProblem } from './run'

type Told = Pick<Trouble, 'id' | 'message' | 'input' | 'fix'>

/** Returns problems of form as those that the server tells. */
export function formTroubles(error: WorkflowError): readonly Told[] {
  return error.problems.map(({ node, message, input }: Problem) => ({
    id: node,
    message,
    input,
    fix: undefined,
  }))
}

/** Returns a message without where it is: it is shown there. */
export function withoutPlace(message: string): string {
  return message.replace(/^\S+ \(node '[^']*'\)(, input '[^']*')?: /, '')
}

/** Shows what a check found, in the place of what the last one did; what a run told stays. */
export function showTroubles(app: App, tab: string, troubles: readonly Told[]): void {
  const { problems } = app.run
  const found = new Map<string, Told[]>()
  for (const one of troubles) {
    if (one.id === null) continue
    const at = key(tab, one.id)
    found.set(at, [...(found.get(at) ?? []), one])
  }
  const before = problems.keys().filter((at) => at.startsWith(`${tab}/`))
  for (const at of new Set([...before, ...found.keys()])) {
    const kept = (problems.get(at) ?? []).filter((one) => one.from === 'run')
    const told = (found.get(at) ?? []).map(
      ({ message, input, fix }): NodeProblem => ({
        from: 'check',
        message: withoutPlace(message),
        input,
        fix,
        traceback: [],
      }),
    )
    const all = [...kept, ...told]
    if (!same(all, problems.get(at) ?? [])) problems.set(at, all.length === 0 ? undefined : all)
  }
}

function same(one: readonly NodeProblem[], other: readonly NodeProblem[]): boolean {
  return (
    one.length === other.length &&
    one.every((problem, at) => {
      const { from, message, input, fix } = other[at] ?? {}
      return (
        problem.from === from && problem.message === message && problem.input === input && problem.fix === fix
      )
    })
  )
}

/** Puts the nearest right value into a field; the next check tells that it is mended. `id` is what the node runs under. */
export function mend(app: App, tab: string, id: string, input: string, fix: Json): void {
  editTab(app, tab, input, (place) => {
    const where = locate(place.document, id)
    const node = where && graphOf(place.document, where.graph).nodes.get(where.node)
    if (where === undefined || node === undefined) return []
    const found = shownValues(place.document, place.definitions, node).find((one) => one.field.name === input)
    if (found === undefined) return []
    return setValue({ ...place, graph: where.graph }, where.node, found.field, fix)
  })
}

/** A problem with where it is. */
export interface Placed {
  readonly id: string
  readonly problem: NodeProblem
}

/** Returns all that is wrong in a workflow. */
export function problemsIn(all: ReadonlyMap<string, readonly NodeProblem[]>, tab: string): readonly Placed[] {
  const prefix = `${tab}/`
  return [...all]
    .filter(([at]) => at.startsWith(prefix))
    .flatMap(([at, told]) => told.map((problem) => ({ id: at.slice(prefix.length), problem })))
}

/** Mends all of a workflow that has a nearest right value. */
export function mendAll(app: App, tab: string): void {
  for (const { id, problem } of problemsIn(app.run.problems.all(), tab)) {
    if (problem.input !== null && problem.fix !== undefined) mend(app, tab, id, problem.input, problem.fix)
  }
}
