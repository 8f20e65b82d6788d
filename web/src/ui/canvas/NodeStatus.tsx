/** How far a node's run is: a mark in its header, and a bar below that. */

import { Icon } from '../Icon'
import { useApp, useKeyed, useNodeKey, useT } from '../use'

export function NodeStatus({ id, title }: { readonly id: string; readonly title: string }) {
  const app = useApp()
  const t = useT()
  const at = useNodeKey(id)
  const state = useKeyed(app.run.state, at)
  const progress = useKeyed(app.run.progress, at)
  const problems = useKeyed(app.run.problems, at) ?? []
  const told = problems.map((one) => one.message).join('\n')

  return (
    <>
      {told !== '' && (
        <span
          className="node-mark"
          data-tone="bad"
          role="img"
          aria-label={`${t('node.error')}: ${told}`}
          title={told}
        >
          <Icon name="problem" />
        </span>
      )}
      {state === 'cached' && <span className="tag">{t('node.cached')}</span>}
      {state === 'done' && (
        <span className="node-mark" data-tone="good" aria-hidden="true">
          <Icon name="check" />
        </span>
      )}
      {state === 'running' && <span className="spinner" aria-hidden="true" />}
      {progress !== undefined && progress.total > 1 && (
        <progress
          className="node-progress"
          aria-label={t('node.progress', { title })}
          value={progress.done}
          max={progress.total}
        />
      )}
    </>
  )
}
