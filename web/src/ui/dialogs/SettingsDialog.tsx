/** What a person can choose of the editor itself: found by its name, kept on the server. */

import { type ReactNode, useState } from 'react'
import type { MessageKey } from '../../i18n'
import { LANGUAGES } from '../../i18n'
import { LINK_STYLES, type Settings, TILE } from '../../state/settings'
import { found } from '../find'
import { useApp, useStore, useT } from '../use'
import { KeySettings } from './KeySettings'
import { Modal } from './Modal'
import type { DialogProps } from './props'

interface Row {
  readonly title: MessageKey
  readonly control: (props: ControlProps) => ReactNode
}

interface ControlProps {
  readonly label: string
  readonly settings: Settings
  readonly change: (part: Partial<Settings>) => void
  readonly t: ReturnType<typeof useT>
}

type Flag = 'minimap' | 'grid'

function flag(name: Flag): Row {
  return {
    title: `settings.${name}`,
    control: ({ label, settings, change }) => (
      <input
        type="checkbox"
        className="switch"
        aria-label={label}
        checked={settings[name]}
        onChange={(event) => change({ [name]: event.target.checked })}
      />
    ),
  }
}

function choice<T extends string>(
  title: MessageKey,
  options: readonly T[],
  textOf: (option: T, t: ControlProps['t']) => string,
  get: (settings: Settings) => string,
  set: (value: T) => Partial<Settings>,
): Row {
  return {
    title,
    control: ({ label, settings, change, t }) => (
      <select
        className="input"
        aria-label={label}
        value={get(settings)}
        onChange={(event) => change(set(event.target.value as T))}
      >
        {options.map((one) => (
          <option key={one} value={one}>
            {textOf(one, t)}
          </option>
        ))}
      </select>
    ),
  }
}

/** All settings but keys, in their order: a new one is a row here. */
const ROWS: readonly Row[] = [
  choice(
    'settings.theme',
    ['system', 'dark', 'light'],
    (one, t) => t(`settings.theme.${one}`),
    (settings) => settings.theme,
    (theme) => ({ theme }),
  ),
  choice(
    'settings.language',
    ['system', ...Object.keys(LANGUAGES)],
    (one, t) => LANGUAGES[one]?.name ?? t('settings.language.system'),
    (settings) => settings.language,
    (language) => ({ language }),
  ),
  flag('minimap'),
  flag('grid'),
  choice(
    'settings.linkStyle',
    LINK_STYLES,
    (one, t) => t(`settings.linkStyle.${one}`),
    (settings) => settings.linkStyle,
    (linkStyle) => ({ linkStyle }),
  ),
  choice(
    'settings.seeds',
    ['after', 'before'],
    (one, t) => t(`settings.seeds.${one}`),
    (settings) => settings.seeds,
    (seeds) => ({ seeds }),
  ),
  {
    title: 'settings.tile',
    control: ({ label, settings, change }) => (
      <input
        type="range"
        className="setting-range"
        aria-label={label}
        min={TILE.least}
        max={TILE.most}
        step={4}
        value={settings.tile}
        onChange={(event) => change({ tile: Number(event.target.value) })}
      />
    ),
  },
]

export function SettingsDialog({ close }: DialogProps<'settings'>) {
  const app = useApp()
  const t = useT()
  const settings = useStore(app.settings)
  const [query, setQuery] = useState('')
  const change = (part: Partial<Settings>) => app.settings.update((old) => ({ ...old, ...part }))
  // Also by its name in the code, so that a language that nobody here reads can be left again.
  const rows = found(query, ROWS, (row) => `${t(row.title)} ${row.title}`)
  return (
    <Modal title={t('settings.title')} close={close} className="settings-modal">
      <div className="settings-search">
        <input
          className="input"
          type="search"
          aria-label={t('settings.search')}
          placeholder={t('settings.search')}
          value={query}
          onChange={(event) => setQuery(event.target.value)}
        />
      </div>
      <div className="settings">
        {rows.map((row) => (
          <div key={row.title} className="setting">
            <span>{t(row.title)}</span>
            {row.control({ label: t(row.title), settings, change, t })}
          </div>
        ))}
        <KeySettings query={query} />
      </div>
    </Modal>
  )
}
