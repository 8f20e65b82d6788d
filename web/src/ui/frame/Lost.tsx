/** Said while the server can't be reached: that nothing is lost, and when it is tried again. */

import { useEffect, useState } from 'react'
import { foundAgain } from '../../state/hearing'
import { useApp, useStore, useT } from '../use'

export function Lost() {
  const app = useApp()
  const t = useT()
  const retry = useStore(app.retry)
  const connection = useStore(app.connection)
  const [lost, setLost] = useState(false)
  useEffect(() => {
    if (connection === 'waiting') setLost(true)
    if (connection === 'open' && lost) {
      setLost(false)
      void foundAgain(app)
    }
  }, [app, connection, lost])
  if (!lost) return null
  return (
    <div className="banner" role="alert">
      <span>{t('banner.lost')}</span>
      {retry !== null && <Wait at={retry.at} />}
      <button type="button" className="button" disabled={retry === null} onClick={() => retry?.now()}>
        {t('banner.lost.now')}
      </button>
    </div>
  )
}

/** Counts the seconds down; a screen reader is not told each. */
function Wait({ at }: { readonly at: number }) {
  const app = useApp()
  const t = useT()
  const left = () => Math.max(0, Math.ceil((at - app.now()) / 1000))
  const [seconds, setSeconds] = useState(left)
  useEffect(() => {
    setSeconds(left())
    const timer = setInterval(() => setSeconds(left()), 250)
    return () => clearInterval(timer)
  })
  return (
    <span className="muted" aria-hidden="true">
      {t('banner.lost.again', { seconds })}
    </span>
  )
}
