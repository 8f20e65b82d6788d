/** The line below all: the connection, what runs, what is in memory, where one looks. */

import { bytesText } from '../../core/measures'
import { titleAt } from '../../core/titles'
import { type Job, runningJob } from '../../state/jobs'
import { key } from '../../state/run'
import { tabOf } from '../../state/tabs'
import { DOCKS, toggleDock } from '../docks/list'
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
  const job = usePicked(app.jobs, runningJob)
  return (
    <footer className="status">
      <span className="status-item" role="status">
        <span className="status-dot" data-state={connection} aria-hidden="true" />
        {t(CONNECTION[connection])}
      </span>
      {job === undefined ? (
        <span className="status-item muted">{t('status.idle')}</span>
      ) : (
        <Running job={job} />
      )}
      <span className="status-space" />
      {remaining > 0 && <span className="status-item">{t('status.queue', { n: remaining })}</span>}
      <Memory />
      <Docks />
      {tab !== undefined && (
        <span className="status-item">{t('status.nodes', { n: tab.edited.document.root.nodes.size })}</span>
      )}
      {tab?.view != null && (
        <span className="status-item">{t('status.zoom', { n: Math.round(tab.view.scale * 100) })}</span>
      )}
    </footer>
  )
}

/** Buttons for what opens below the canvas. */
function Docks() {
  const app = useApp()
  const t = useT()
  const open = usePicked(app.settings, (settings) => settings.dock)
  return (
    <span className="status-docks">
      {DOCKS.map((one) => (
        <button
          key={one.id}
          type="button"
          className="status-button"
          aria-pressed={one.id === open}
          onClick={() => toggleDock(app, one.id)}
        >
          {t(one.title)}
        </button>
      ))}
    </span>
  )
}

/** The memory of the devices, as it was told last. */
function Memory() {
  const app = useApp()
  const t = useT()
  const memory = useStore(app.memory)
  if (memory === null) return null
  return memory.devices.map(({ name, used_bytes, budget_bytes, total_bytes }) => {
    const budget = budget_bytes ?? total_bytes ?? 0
    const text = { name, used: bytesText(used_bytes), budget: bytesText(budget) }
    return (
      <span key={name} className="status-item" title={t('memory.deviceLabel', text)}>
        {name}
        <meter
          className="status-meter"
          aria-label={t('memory.deviceLabel', text)}
          value={used_bytes}
          max={Math.max(1, budget)}
        />
        {text.used}
      </span>
    )
  })
}

function Running({ job }: { readonly job: Job }) {
  const app = useApp()
  const t = useT()
  const progress = useKeyed(app.run.progress, key(job.tab, job.node ?? ''))
  const definitions = useStore(app.definitions)
  const tab = usePicked(app.tabs, (tabs) => tabOf(tabs, job.tab))
  const title =
    tab === undefined || job.node === null ? '…' : titleAt(tab.edited.document, definitions, job.node)
  return (
    <span className="status-item">
      {job.stopping ? t('run.stopping') : t('status.running', { title })}
      {progress !== undefined && progress.total > 1 && (
        <>
          <progress
            className="status-progress"
            aria-label={t('node.progress', { title })}
            value={progress.done}
            max={progress.total}
          />
          {progress.done}/{progress.total}
        </>
      )}
    </span>
  )
}
