/** The workflows that come with inkloom. */

import { useEffect, useState } from 'react'
import { attempt, say } from '../../state/app'
import { openTemplate } from '../../state/opening'
import { useApp, useT } from '../use'

export function TemplatesPanel() {
  const app = useApp()
  const t = useT()
  const [names, setNames] = useState<readonly string[] | null>(null)
  useEffect(() => {
    void attempt(app, say(app, 'error.server'), async () => {
      setNames((await app.api.templates()).flatMap((group) => group.templates.map((one) => one.name)))
    })
  }, [app])
  if (names === null) return <p className="muted">{t('panel.templates.loading')}</p>
  return (
    <ul className="panel-scroll">
      {names.map((name) => (
        <li key={name}>
          <button
            type="button"
            className="tree-item"
            onClick={() => attempt(app, say(app, 'error.server'), () => openTemplate(app, name))}
          >
            {name.replaceAll('_', ' ')}
          </button>
        </li>
      ))}
    </ul>
  )
}
