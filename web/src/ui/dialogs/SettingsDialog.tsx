/** What a person can choose of the editor itself. */

import { LANGUAGES } from '../../i18n'
import type { Settings } from '../../state/settings'
import { useApp, useStore, useT } from '../use'
import { Modal } from './Modal'
import type { DialogProps } from './table'

export function SettingsDialog({ close }: DialogProps<'settings'>) {
  const app = useApp()
  const t = useT()
  const settings = useStore(app.settings)
  const change = (part: Partial<Settings>) => app.settings.update((old) => ({ ...old, ...part }))
  return (
    <Modal title={t('settings.title')} close={close}>
      <div className="settings">
        <label className="setting">
          {t('settings.theme')}
          <select
            className="input"
            value={settings.theme}
            onChange={(event) => change({ theme: event.target.value as Settings['theme'] })}
          >
            <option value="system">{t('settings.theme.system')}</option>
            <option value="dark">{t('settings.theme.dark')}</option>
            <option value="light">{t('settings.theme.light')}</option>
          </select>
        </label>
        <label className="setting">
          {t('settings.language')}
          <select
            className="input"
            value={settings.language}
            onChange={(event) => change({ language: event.target.value })}
          >
            <option value="system">{t('settings.language.system')}</option>
            {Object.entries(LANGUAGES).map(([code, { name }]) => (
              <option key={code} value={code}>
                {name}
              </option>
            ))}
          </select>
        </label>
        <label className="setting">
          {t('settings.minimap')}
          <input
            type="checkbox"
            className="switch"
            checked={settings.minimap}
            onChange={(event) => change({ minimap: event.target.checked })}
          />
        </label>
        <label className="setting">
          {t('settings.grid')}
          <input
            type="checkbox"
            className="switch"
            checked={settings.grid}
            onChange={(event) => change({ grid: event.target.checked })}
          />
        </label>
      </div>
    </Modal>
  )
}
