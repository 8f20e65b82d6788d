/** What the server logs, from now on and some of before. */

import { useEffect, useLayoutEffect, useRef } from 'react'
import { followLogs } from '../../state/logs'
import { useApp, useStore, useT } from '../use'

export function LogDock() {
  const app = useApp()
  const t = useT()
  const lines = useStore(app.logs)
  const box = useRef<HTMLDivElement>(null)
  const atEnd = useRef(true)
  useEffect(() => followLogs(app), [app])
  useLayoutEffect(() => {
    if (box.current !== null && atEnd.current && lines.length > 0)
      box.current.scrollTop = box.current.scrollHeight
  }, [lines])
  if (lines.length === 0) return <p className="dock-empty">{t('log.empty')}</p>
  return (
    <div
      className="log"
      role="log"
      aria-label={t('log.lines')}
      ref={box}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what is scrolled must be reached by keyboard
      tabIndex={0}
      onScroll={({ currentTarget: { scrollTop, clientHeight, scrollHeight } }) => {
        atEnd.current = scrollTop + clientHeight > scrollHeight - 8
      }}
    >
      {lines.map((line, number) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: lines have no other name, and only come at the end
        <p key={number}>
          <time>{timeOf(line.time)}</time>
          {line.text}
        </p>
      ))}
    </div>
  )
}

/** The time of day of a date; what is no date stays as it is. */
function timeOf(text: string): string {
  const date = new Date(text)
  return Number.isNaN(date.getTime()) ? text : date.toLocaleTimeString(undefined, { hour12: false })
}
