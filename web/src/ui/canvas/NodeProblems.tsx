/** What is wrong at a node, in words, with the way out. */

import { type Json, writeJson } from '../../core/json'
import type { App } from '../../state/app'
import { mend } from '../../state/problems'
import { type NodeProblem, ofKey } from '../../state/run'
import { useApp, useT } from '../use'

interface Props {
  /** The node's key. */
  readonly at: string
  readonly problems: readonly NodeProblem[]
}

export function NodeProblems({ at, problems }: Props) {
  if (problems.length === 0) return null
  return (
    <ul className="node-problems nodrag">
      {problems.map((problem) => (
        <li key={`${problem.input}/${problem.message}`}>
          <span className="problem-text" title={problem.message}>
            {problem.input !== null && <strong>{problem.input} </strong>}
            {problem.message}
          </span>
          <ProblemActions at={at} problem={problem} />
        </li>
      ))}
    </ul>
  )
}

export const valueText = (value: Json): string => (typeof value === 'string' ? value : writeJson(value))

/** What can be done about a problem: the nearest right value, the traceback. */
export function ProblemActions({ at, problem }: { readonly at: string; readonly problem: NodeProblem }) {
  const app = useApp()
  const t = useT()
  const { input, fix, traceback, message } = problem
  return (
    <>
      {input !== null && fix !== undefined && (
        <button
          type="button"
          className="button small"
          title={t('node.fix.why', { input })}
          onClick={() => mendAt(app, at, input, fix)}
        >
          {t('node.fix', { value: valueText(fix) })}
        </button>
      )}
      {traceback.length > 0 && (
        <button
          type="button"
          className="button small"
          onClick={() => app.dialog.set({ id: 'traceback', title: message, lines: traceback })}
        >
          {t('node.traceback')}
        </button>
      )}
    </>
  )
}

function mendAt(app: App, at: string, input: string, fix: Json): void {
  const { tab, node } = ofKey(at)
  mend(app, tab, node, input, fix)
}
