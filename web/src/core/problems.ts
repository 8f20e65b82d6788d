/** What is wrong with a workflow, and where. */

/** `pointer` leads into the file (a JSON pointer); `node` is the id that a node runs under. */
export interface Problem {
  readonly code: string
  readonly message: string
  readonly node: string | null
  readonly input: string | null
  readonly pointer: string
}

/** Says all that is wrong with a workflow, so that nothing was done with it. */
export class WorkflowError extends Error {
  readonly problems: readonly Problem[]

  constructor(problems: readonly Problem[]) {
    super(problems.map((one) => (one.pointer ? `${one.pointer}: ${one.message}` : one.message)).join('\n'))
    this.name = 'WorkflowError'
    this.problems = problems
  }
}

export function problem(code: string, message: string, more: Partial<Problem> = {}): Problem {
  return { code, message, node: null, input: null, pointer: '', ...more }
}

/** Returns a JSON pointer (RFC 6901). */
export function pointer(...place: readonly (string | number)[]): string {
  return place.map((one) => `/${String(one).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')
}
