/** The jobs of this window: what runs, waits and has ended. */

import { tabOf } from '../../state/tabs'
import { useApp, useStore, useT } from '../use'

const STATES = {
  waiting: 'panel.queue.waiting',
  running: 'panel.queue.running',
  done: 'panel.queue.done',
  failed: 'run.failed',
  cancelled: 'run.cancelled',
} as const

export function QueuePanel() {
  const app = useApp()
  const t = useT()
  const { own } = useStore(app.jobs)
  const tabs = useStore(app.tabs)
  if (own.length === 0) return <p className="muted">{t('panel.queue.empty')}</p>
  return (
    <ul className="panel-scroll jobs">
      {own.toReversed().map((job) => (
        <li key={job.id} className="job" data-state={job.state}>
          <span className="job-dot" aria-hidden="true" />
          <span className="job-name">{tabOf(tabs, job.tab)?.name ?? t('tabs.untitled')}</span>
          <span className="muted">{t(STATES[job.state])}</span>
        </li>
      ))}
    </ul>
  )
}
