/** The queue and what has been done: what runs, waits and has ended, with what can be done about each. */

import { type ReactNode, useEffect, useMemo } from 'react'
import type { JobTold } from '../../core/api/shapes'
import { secondsText } from '../../core/measures'
import { shownOf } from '../../core/outputs'
import type { MessageKey } from '../../i18n'
import { attempt, say } from '../../state/app'
import { jobOf } from '../../state/jobs'
import {
  clearDone,
  clearWaiting,
  forgetJob,
  openJob,
  readOlder,
  runAgain,
  runFirst,
  runLast,
  stopJob,
  watchQueue,
} from '../../state/queue'
import { viewed } from '../canvas/NodeOutputs'
import { Icon, type IconName } from '../Icon'
import { useApp, usePicked, useStore, useT } from '../use'

/** Pictures of a job that are shown in the list. */
const MOST = 4

export function QueuePanel() {
  const app = useApp()
  const t = useT()
  const { jobs, next } = useStore(app.queue)
  useEffect(() => watchQueue(app), [app])
  const running = jobs.filter((job) => job.state === 'running')
  const waiting = useMemo(
    () => jobs.filter((job) => job.state === 'waiting').sort((one, other) => one.priority - other.priority),
    [jobs],
  )
  const ended = jobs.filter((job) => job.state !== 'running' && job.state !== 'waiting')
  if (jobs.length === 0) return <p className="muted">{t('panel.queue.empty')}</p>
  return (
    <div className="panel-scroll queue">
      <Section title="panel.queue.running" jobs={running} />
      <Section title="panel.queue.waiting" jobs={waiting}>
        {waiting.length > 1 && (
          <button type="button" className="button quiet small" onClick={() => void clearWaiting(app)}>
            {t('panel.queue.clear')}
          </button>
        )}
      </Section>
      <Section title="panel.queue.done" jobs={ended}>
        <button type="button" className="button quiet small" onClick={() => void clearDone(app)}>
          {t('panel.queue.clearDone')}
        </button>
      </Section>
      {next !== null && (
        <button
          type="button"
          className="button"
          onClick={() => void attempt(app, say(app, 'error.server'), () => readOlder(app))}
        >
          {t('panel.queue.more')}
        </button>
      )}
    </div>
  )
}

function Section({
  title,
  jobs,
  children,
}: {
  readonly title: MessageKey
  readonly jobs: readonly JobTold[]
  readonly children?: ReactNode
}) {
  const t = useT()
  if (jobs.length === 0) return null
  return (
    <section className="queue-section" aria-label={t(title)}>
      <header className="queue-head">
        <h3>
          {t(title)} <span className="count">{jobs.length}</span>
        </h3>
        {children}
      </header>
      <ul>
        {jobs.map((job) => (
          <JobView key={job.id} job={job} />
        ))}
      </ul>
    </section>
  )
}

function JobView({ job }: { readonly job: JobTold }) {
  const app = useApp()
  const t = useT()
  const own = usePicked(app.jobs, (jobs) => jobOf(jobs, job.id))
  const name = own?.name ?? fileStem(job) ?? t('panel.queue.job', { id: job.id.slice(0, 8) })
  const ended = job.state !== 'running' && job.state !== 'waiting'
  return (
    <li className="job" data-state={job.state} aria-label={name}>
      <div className="job-line">
        <span className="job-dot" aria-hidden="true" />
        <span className="job-name" title={job.id}>
          {name}
        </span>
        <span className="job-facts muted">{factsOf(t, job)}</span>
      </div>
      {job.state === 'running' && (
        <progress
          className="job-progress"
          aria-label={t('node.progress', { title: name })}
          value={own?.progress ?? job.progress ?? 0}
          max={1}
        />
      )}
      {job.failure != null && <p className="job-failure">{job.failure.message}</p>}
      <Pictures job={job} name={name} />
      <div className="job-actions">
        {!ended && (
          <Act
            icon="stop"
            title={t('panel.queue.cancel', { name })}
            off={own?.stopping === true}
            act={() => stopJob(app, job.id)}
          />
        )}
        {job.state === 'waiting' && (
          <>
            <Act icon="first" title={t('panel.queue.first', { name })} act={() => runFirst(app, job.id)} />
            <Act icon="lastPlace" title={t('panel.queue.later', { name })} act={() => runLast(app, job.id)} />
          </>
        )}
        {ended && (
          <Act icon="again" title={t('panel.queue.again', { name })} act={() => runAgain(app, job.id)} />
        )}
        <Act icon="nodes" title={t('panel.queue.open', { name })} act={() => openJob(app, job.id, name)} />
        {ended && (
          <Act icon="trash" title={t('panel.queue.forget', { name })} act={() => forgetJob(app, job.id)} />
        )}
      </div>
    </li>
  )
}

/** What a job's files are called, without their numbers. */
function fileStem(job: JobTold): string | undefined {
  const [first] = Object.values(job.outputs ?? {}).flatMap((output) => shownOf(output).pictures)
  return first?.file.filename.replace(/(_\d+_?)?\.\w+$/, '').replaceAll('_', ' ') || undefined
}

function factsOf(t: ReturnType<typeof useT>, job: JobTold): string {
  const again = (job.attempt ?? 0) > 1 ? t('panel.queue.attempt', { n: job.attempt ?? 0 }) : ''
  const seconds = job.started != null && job.ended != null ? secondsText(job.ended - job.started) : ''
  const how =
    job.state === 'failed'
      ? t('panel.queue.failed')
      : job.state === 'cancelled'
        ? t('panel.queue.cancelled')
        : seconds
  const when = job.ended != null ? timeOf(job.ended) : ''
  return [again, how, when].filter((one) => one !== '').join(' · ')
}

const timeOf = (seconds: number): string => {
  const date = new Date(seconds * 1000)
  const today = date.toDateString() === new Date().toDateString()
  return today
    ? date.toLocaleTimeString(undefined, { hour: '2-digit', minute: '2-digit' })
    : date.toLocaleDateString(undefined, { day: 'numeric', month: 'short' })
}

function Pictures({ job, name }: { readonly job: JobTold; readonly name: string }) {
  const app = useApp()
  const t = useT()
  const pictures = Object.values(job.outputs ?? {}).flatMap((output) => shownOf(output).pictures)
  if (pictures.length === 0) return null
  const all = viewed(app, pictures)
  return (
    <div className="job-pictures">
      {all.slice(0, MOST).map(({ url }, at) => (
        <button
          key={url}
          type="button"
          className="picture-button"
          onClick={() => app.dialog.set({ id: 'picture', pictures: all, at })}
        >
          <img src={url} alt={t('panel.queue.picture', { name })} loading="lazy" />
        </button>
      ))}
      {all.length > MOST && <span className="count">+{all.length - MOST}</span>}
    </div>
  )
}

interface ActProps {
  readonly icon: IconName
  readonly title: string
  readonly act: () => Promise<void>
  readonly off?: boolean
}

function Act({ icon, title, act, off = false }: ActProps) {
  return (
    <button
      type="button"
      className="button quiet square small-square"
      aria-label={title}
      title={title}
      disabled={off}
      onClick={() => void act()}
    >
      <Icon name={icon} />
    </button>
  )
}
