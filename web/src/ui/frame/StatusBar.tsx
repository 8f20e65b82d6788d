/** The line below all: the connection, what runs, where one looks. */

import { nodeOf } from '../../core/document'
import { titleOf } from '../../core/widgets'
import { runningJob } from '../../state/jobs'
import { key } from '../../state/run'
import { tabOf } from '../../state/tabs'
import { useActiveTab, useApp, useKeyed, usePicked, useStore, useT } from '../use'

const CONNECTION = {
  connecting: 'status.connecting',
  open: 'status.connected',
  waiting: 'status.lost',
  closed: 'status.lost',
} as const

export function StatusBar() {
  const app = useApp()
  const t = useT()
  const connection = useStore(app.connection)
  const remaining = usePicked(app.jobs, (jobs) => jobs.remaining)
  const tab = useActiveTab()
  return (
    <footer className="status">
      <span className="status-item" role="status">
        <span className="status-dot" data-state={connection} aria-hidden="true" />
        {t(CONNECTION[connection])}
      </span>
      <Running />
      <span className="status-space" />
      {remaining > 0 && <span className="status-item">{t('status.queue', { n: remaining })}</span>}
      {tab !== undefined && (
        <span className="status-item">{t('status.nodes', { n: tab.edited.document.root.nodes.size })}</span>
      )}
      {tab?.view != null && (
        <span className="status-item">{t('status.zoom', { n: Math.round(tab.view.scale * 100) })}</span>
      )}
    </footer>
  )
}

function Running() {
  const app = useApp()
  const t = useT()
  const job = usePicked(app.jobs, runningJob)
  const progress = useKeyed(app.run.progress, job === undefined ? '' : key(job.tab, job.node ?? ''))
  const tab = usePicked(app.tabs, (tabs) => (job === undefined ? undefined : tabOf(tabs, job.tab)))
  const definitions = useStore(app.definitions)
  if (job === undefined) return <span className="status-item muted">{t('status.idle')}</span>
  const graph = tab?.edited.document.root
  const known = graph !== undefined && job.node !== null && graph.nodes.has(job.node)
  const title =
    tab !== undefined && known
      ? titleOf(tab.edited.document, definitions, nodeOf(graph, job.node ?? ''))
      : '…'
  return (
    <span className="status-item">
      {t('status.running', { title })}
      {progress !== undefined && progress.total > 1 && (
        <progress
          className="status-progress"
          aria-label={t('node.progress', { title })}
          value={progress.done}
          max={progress.total}
        />
      )}
    </span>
  )
}
