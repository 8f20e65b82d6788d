/** The keys of commands, to be chosen anew. */

import { type KeyboardEvent, useState } from 'react'
import { keysOf, rebound, unbound } from '../commands/bound'
import type { Command } from '../commands/command'
import { keysIn } from '../commands/keys'
import { COMMANDS } from '../commands/table'
import { found } from '../find'
import { Keys } from '../frame/CommandMenu'
import { Icon } from '../Icon'
import { useApp, useStore, useT } from '../use'

export function KeySettings({ query }: { readonly query: string }) {
  const t = useT()
  const commands = found(
    query,
    COMMANDS.filter((one) => !one.native),
    (one) => `${t(one.title)} ${t('settings.keys')}`,
  )
  if (commands.length === 0) return null
  return (
    <section className="key-settings" aria-label={t('settings.keys')}>
      <h3>{t('settings.keys')}</h3>
      <p className="muted">{t('settings.keysHow')}</p>
      {commands.map((command) => (
        <KeyRow key={command.id} command={command} />
      ))}
    </section>
  )
}

function KeyRow({ command }: { readonly command: Command }) {
  const app = useApp()
  const t = useT()
  const settings = useStore(app.settings)
  const [listening, setListening] = useState(false)
  const own = settings.keys[command.id] !== undefined
  const keys = keysOf(command, settings)
  const title = t(command.title)
  function onKeyDown(event: KeyboardEvent): void {
    if (!listening || event.key === 'Tab') return
    event.preventDefault()
    event.stopPropagation()
    const pressed = keysIn(event)
    if (event.key === 'Escape' || pressed === null) {
      if (event.key === 'Escape') setListening(false)
      return
    }
    app.settings.update((old) => rebound(old, command, pressed))
    setListening(false)
  }
  return (
    <div className="setting">
      <span>{title}</span>
      <span className="key-buttons">
        <button
          type="button"
          className="key-button"
          aria-pressed={listening}
          onClick={() => setListening(!listening)}
          onKeyDown={onKeyDown}
          onBlur={() => setListening(false)}
        >
          <span className="sr-only">{t('settings.keysOf', { title })} </span>
          {listening ? (
            t('settings.press')
          ) : keys.length === 0 ? (
            <span className="muted">{t('settings.noKeys')}</span>
          ) : (
            keys.map((one) => <Keys key={one} keys={one} />)
          )}
        </button>
        {own && (
          <button
            type="button"
            className="row-action"
            aria-label={t('settings.resetKeys', { title })}
            title={t('settings.reset')}
            onClick={() => app.settings.update((old) => unbound(old, command))}
          >
            <Icon name="close" />
          </button>
        )}
      </span>
    </div>
  )
}
