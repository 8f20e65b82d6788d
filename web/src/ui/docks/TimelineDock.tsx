/** What happened in a run, and when: nodes one below the other, with the models that were loaded for them. */

import { type CSSProperties, useEffect, useMemo, useState } from 'react'
import { bytesText, secondsText } from '../../core/measures'
import { type Mark, type NodeBar, type Span, type Timeline, ticksOf } from '../../core/timeline'
import { titleAt } from '../../core/titles'
import { goTo } from '../../state/going'
import { useActiveTab, useApp, useKeyed, useStore, useT } from '../use'

/** Milliseconds between two drawings of what still runs. */
const TICK = 250

export function TimelineDock() {
  const app = useApp()
  const t = useT()
  const tab = useActiveTab()
  const line = useKeyed(app.run.timeline, tab?.id ?? '')
  const now = useNow(line)
  if (tab === undefined || line === undefined || line.bars.length + line.cached.length === 0)
    return <p className="dock-empty">{t('timeline.empty')}</p>
  if (line.bars.length === 0)
    return <p className="dock-empty">{t(line.ended ? 'timeline.none' : 'run.running')}</p>
  return <Chart line={line} now={now} />
}

/** The time of the run now: events tell it, and between them a clock. */
function useNow(line: Timeline | undefined): number {
  const app = useApp()
  const heard = useMemo(() => ({ at: line?.at ?? 0, clock: app.now() }), [app, line])
  const [clock, setClock] = useState(() => app.now())
  const live = line !== undefined && !line.ended
  useEffect(() => {
    if (!live) return
    const timer = setInterval(() => setClock(app.now()), TICK)
    return () => clearInterval(timer)
  }, [app, live])
  return live ? heard.at + Math.max(0, clock - heard.clock) / 1000 : heard.at
}

function Chart({ line, now }: { readonly line: Timeline; readonly now: number }) {
  const app = useApp()
  const t = useT()
  const definitions = useStore(app.definitions)
  const tab = useActiveTab()
  const whole = Math.max(now, 0.001)
  const titleOf = (node: string) =>
    tab === undefined ? node : titleAt(tab.edited.document, definitions, node)
  const place = (at: number): string => `${Math.min(100, (100 * at) / whole)}%`
  const loose = line.marks.filter((one) => !line.bars.some((bar) => bar.node === one.node))
  return (
    <div className="timeline">
      <div className="timeline-axis" aria-hidden="true">
        <span className="timeline-name muted">{t('timeline.node')}</span>
        <div className="timeline-track">
          {ticksOf(whole, 8).map((tick) => (
            <span key={tick} className="timeline-tick" style={{ left: place(tick) }}>
              {tick === 0 ? '0' : secondsText(tick)}
            </span>
          ))}
        </div>
      </div>
      <ol className="timeline-rows" aria-label={t('timeline.list')}>
        {line.bars.map((bar) => (
          <Row
            key={`${bar.node}/${bar.start}`}
            bar={bar}
            title={titleOf(bar.node)}
            now={whole}
            spans={line.spans.filter((one) => one.node === bar.node && within(bar, one.start + one.seconds))}
            marks={line.marks.filter((one) => one.node === bar.node && within(bar, one.at))}
            place={place}
          />
        ))}
        {loose.length > 0 && (
          <li className="timeline-row">
            <span className="timeline-name">{t('timeline.memory')}</span>
            <div className="timeline-track">
              {loose.map((one) => (
                <MarkView key={`${one.at}/${one.name}`} mark={one} place={place} />
              ))}
            </div>
          </li>
        )}
      </ol>
      <p className="timeline-foot">
        <Legend />
        {line.cached.length > 0 && <span>{t('timeline.cached', { n: line.cached.length })}</span>}
        <span>{t('timeline.total', { seconds: secondsText(whole) })}</span>
      </p>
    </div>
  )
}

const within = ({ start, end }: NodeBar, at: number) =>
  at >= start - 0.001 && (end === null || at <= end + 0.05)

interface RowProps {
  readonly bar: NodeBar
  readonly title: string
  readonly now: number
  readonly spans: readonly Span[]
  readonly marks: readonly Mark[]
  readonly place: (at: number) => string
}

function Row({ bar, title, now, spans, marks, place }: RowProps) {
  const app = useApp()
  const t = useT()
  const seconds = (bar.end ?? now) - bar.start
  const [time, start] = [secondsText(seconds), secondsText(bar.start)]
  const more = spans.map((one) => `${one.name}, ${wordOf(t, one.category)}: ${secondsText(one.seconds)}`)
  const label = [t('timeline.row', { title, seconds: time, start }), ...more].join('; ')
  const width = `${Math.max(0.2, (100 * seconds) / now)}%`
  return (
    <li className="timeline-row">
      <button
        type="button"
        className="timeline-name"
        title={bar.type}
        aria-label={label}
        onClick={() => goTo(app, bar.node)}
      >
        {title}
      </button>
      <div className="timeline-track" aria-hidden="true">
        <span className="timeline-bar" data-state={bar.state} style={{ left: place(bar.start), width }}>
          {bar.steps !== null && bar.steps.total > 1 && (
            <span className="timeline-steps">
              {bar.resumed !== null && `${bar.resumed + 1} → `}
              {bar.steps.done}/{bar.steps.total}
            </span>
          )}
        </span>
        {spans.map((one) => (
          <span
            key={`${one.start}/${one.name}`}
            className="timeline-span"
            data-category={one.category}
            title={spanTitle(t, one)}
            style={{ left: place(one.start), width: `${Math.max(0.2, (100 * one.seconds) / now)}%` }}
          />
        ))}
        {marks.map((one) => (
          <MarkView key={`${one.at}/${one.name}`} mark={one} place={place} />
        ))}
        <span className="timeline-time" style={timeStyle(bar, now, place)} data-side={sideOf(bar, now)}>
          {time}
          {bar.peakBytes !== null && ` · ${bytesText(bar.peakBytes)}`}
        </span>
      </div>
    </li>
  )
}

/** Where a bar's time stands: behind it, or where there is no room, before it or in it. */
function sideOf(bar: NodeBar, now: number): 'behind' | 'before' | 'within' {
  if ((bar.end ?? now) / now < 0.84) return 'behind'
  return bar.start / now > 0.14 ? 'before' : 'within'
}

function timeStyle(bar: NodeBar, now: number, place: (at: number) => string): CSSProperties {
  return { left: place(sideOf(bar, now) === 'before' ? bar.start : (bar.end ?? now)) }
}

type T = ReturnType<typeof useT>

function wordOf(t: T, category: string): string {
  if (category === 'load' || category === 'copy' || category === 'evict' || category === 'memory')
    return t(`timeline.${category}`)
  return category
}

const spanTitle = (t: T, { name, category, seconds, bytes }: Span): string =>
  `${name}: ${wordOf(t, category)}, ${secondsText(seconds)}${bytes === null ? '' : `, ${bytesText(bytes)}`}`

function MarkView({ mark, place }: { readonly mark: Mark; readonly place: (at: number) => string }) {
  const t = useT()
  const bytes = mark.bytes === null ? '' : `, ${bytesText(mark.bytes)}`
  const told = `${mark.name}: ${wordOf(t, mark.category)}${bytes}, ${secondsText(mark.at)}`
  return (
    <span
      className="timeline-mark"
      data-category={mark.category}
      role="img"
      aria-label={told}
      title={told}
      style={{ left: place(mark.at) }}
    />
  )
}

function Legend() {
  const t = useT()
  return (
    <span className="timeline-legend" aria-hidden="true">
      <span data-kind="work">{t('timeline.work')}</span>
      <span data-kind="load">{t('timeline.load')}</span>
      <span data-kind="copy">{t('timeline.copy')}</span>
      <span data-kind="evict">{t('timeline.evict')}</span>
    </span>
  )
}
