/** What becomes of a node: before a run whether it will run and why, in a run how far it is. */

import { memo } from 'react'
import { secondsText } from '../../core/measures'
import { nodeAt, titleAt } from '../../core/titles'
import { isBusy } from '../../state/jobs'
import { ofKey } from '../../state/run'
import { run } from '../../state/running'
import { activeTab } from '../../state/tabs'
import { Icon } from '../Icon'
import { planText } from '../reasons'
import { useApp, useKeyed, useNodeKey, usePicked, useStore, useT } from '../use'

export const NodeStatus = memo(function NodeStatus({
  id,
  title,
}: {
  readonly id: string
  readonly title: string
}) {
  const app = useApp()
  const t = useT()
  const at = useNodeKey(id)
  const state = useKeyed(app.run.state, at)
  const progress = useKeyed(app.run.progress, at)
  const resumed = useKeyed(app.run.resumed, at)
  const problems = useKeyed(app.run.problems, at) ?? []
  const busy = usePicked(app.jobs, (jobs) => isBusy(jobs, ofKey(at).tab))
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
      {resumed !== undefined && busy && (
        <span className="tag" title={t('node.resumed.why')}>
          {t('node.resumed', { step: resumed + 1 })}
        </span>
      )}
      {busy ? <Running state={state} /> : <Plan at={at} />}
      {!busy && <RunThis at={at} title={title} />}
      {progress !== undefined && progress.total > 1 && (
        <>
          <span className="node-steps">
            {progress.done}/{progress.total}
          </span>
          <progress
            className="node-progress"
            aria-label={t('node.progress', { title })}
            value={progress.done}
            max={progress.total}
          />
        </>
      )}
    </>
  )
})

/** Runs an output and what it needs, and no other. */
function RunThis({ at, title }: { readonly at: string; readonly title: string }) {
  const app = useApp()
  const t = useT()
  const { node } = ofKey(at)
  const definitions = useStore(app.definitions)
  const output = usePicked(app.tabs, (tabs) => {
    const document = activeTab(tabs)?.edited.document
    const type = document && nodeAt(document, node)?.type
    return type !== undefined && definitions.get(type)?.isOutput === true
  })
  if (!output) return null
  const name = t('run.onlyThis', { title })
  return (
    <button
      type="button"
      className="node-run nodrag"
      aria-label={name}
      title={name}
      onClick={() => void run(app, { only: [node] })}
    >
      <Icon name="play" />
    </button>
  )
}

function Running({ state }: { readonly state: string | undefined }) {
  const t = useT()
  if (state === 'cached') return <span className="tag">{t('node.cached')}</span>
  if (state === 'running') return <span className="spinner" aria-hidden="true" />
  if (state !== 'done') return null
  return (
    <span className="node-mark" data-tone="good" aria-hidden="true">
      <Icon name="check" />
    </span>
  )
}

function Plan({ at }: { readonly at: string }) {
  const app = useApp()
  const t = useT()
  const plan = useKeyed(app.run.plan, at)
  if (plan === undefined) return null
  const tab = activeTab(app.tabs.get())
  const nameOf = (node: string) =>
    tab === undefined ? node : titleAt(tab.edited.document, app.definitions.get(), node)
  const runs = plan.status === 'run' || plan.status === 'maybe'
  const why = planText(t, plan, nameOf)
  return (
    <span className="tag plan" data-status={plan.status} title={why}>
      {t(`plan.${plan.status}`)}
      {runs && plan.seconds != null && ` · ${secondsText(plan.seconds)}`}
      {why !== '' && <span className="sr-only">{`: ${why}`}</span>}
    </span>
  )
}
