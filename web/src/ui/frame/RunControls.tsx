/** Running what is open: what that would take now, how many times, and stopping it. */

import type { Estimate } from '../../core/api/shapes'
import { bytesText, secondsText } from '../../core/measures'
import type { Translate } from '../../i18n'
import { isBusy, type Jobs, runningJob, unfinished } from '../../state/jobs'
import { commandOf, perform } from '../commands/table'
import { Icon } from '../Icon'
import { useApp, useKeyed, usePicked, useStore, useT } from '../use'

const MOST = 100

export function RunControls() {
  const app = useApp()
  const t = useT()
  const busy = usePicked(app.jobs, (jobs) => unfinished(jobs).length)
  const stopping = usePicked(app.jobs, isStopping)
  const times = useStore(app.times)
  return (
    <div className="run-controls">
      <EstimateView />
      {busy > 0 && (
        <button
          type="button"
          className="button"
          disabled={stopping}
          onClick={() => perform(app, commandOf('run.cancel'))}
        >
          {stopping ? <span className="spinner" aria-hidden="true" /> : <Icon name="stop" />}
          {t(stopping ? 'run.stopping' : 'run.cancel')}
        </button>
      )}
      {busy > 1 && (
        <button
          type="button"
          className="button quiet run-all"
          onClick={() => perform(app, commandOf('run.cancelAll'))}
        >
          {t('run.cancelAll')}
        </button>
      )}
      <div className="run-split">
        <button
          type="button"
          className="button primary run-button"
          title={`${t('run.run')} (Ctrl+Enter)`}
          onClick={() => perform(app, commandOf('run.queue'))}
        >
          <Icon name="play" />
          {t('run.run')}
          {busy > 0 && <span className="run-count">{busy}</span>}
        </button>
        <label className="run-times" title={t('run.times')}>
          <span aria-hidden="true">×</span>
          <input
            type="number"
            aria-label={t('run.times')}
            min={1}
            max={MOST}
            value={times}
            onChange={(event) => {
              const given = Math.round(event.target.valueAsNumber)
              app.times.set(Number.isNaN(given) ? 1 : Math.min(MOST, Math.max(1, given)))
            }}
          />
        </label>
      </div>
    </div>
  )
}

const isStopping = (jobs: Jobs): boolean => {
  const left = unfinished(jobs)
  return left.length > 0 && left.every((job) => job.stopping)
}

function EstimateView() {
  const app = useApp()
  const t = useT()
  const tab = usePicked(app.tabs, (tabs) => tabs.active)
  const estimate = useKeyed(app.run.estimate, tab)
  const busy = usePicked(app.jobs, (jobs) => isBusy(jobs, tab))
  if (estimate === undefined || busy) return null
  const short = shortOf(t, estimate)
  if (short === '') return null
  return (
    <span
      className="estimate"
      data-tight={estimate.fits === false || undefined}
      title={longOf(t, estimate)}
      role="note"
      aria-label={t('run.estimate')}
    >
      {short}
    </span>
  )
}

function shortOf(t: Translate, { seconds, peak_bytes, run }: Estimate): string {
  if (run === 0) return t('run.estimate.all')
  const parts = [
    seconds === null ? '' : `≈ ${secondsText(seconds)}`,
    peak_bytes === null ? '' : bytesText(peak_bytes),
  ]
  return parts.filter((one) => one !== '').join(' · ')
}

function longOf(t: Translate, estimate: Estimate): string {
  const { seconds, peak_bytes, run, cached, unmeasured, fits, budget_bytes } = estimate
  if (run === 0) return t('run.estimate.cached')
  return [
    t('run.estimate.nodes', { run, cached }),
    seconds === null ? '' : t('run.estimate.time', { time: secondsText(seconds) }),
    unmeasured > 0 ? t('run.estimate.unmeasured', { n: unmeasured }) : '',
    peak_bytes === null ? '' : t('run.estimate.memory', { bytes: bytesText(peak_bytes) }),
    fits === false ? t('run.estimate.tight', { budget: bytesText(budget_bytes ?? 0) }) : '',
  ]
    .filter((one) => one !== '')
    .join('\n')
}

/** How far the whole run is: a line along the edge of the bar. */
export function RunProgress() {
  const app = useApp()
  const t = useT()
  const progress = usePicked(app.jobs, (jobs) => runningJob(jobs)?.progress ?? null)
  if (progress === null) return null
  return <progress className="run-progress" aria-label={t('run.progress')} value={progress} max={1} />
}
