/** What the page itself shows of the state: its colours, its language, its title. */

import { LANGUAGES } from '../i18n'
import type { App } from '../state/app'
import { runningJob } from '../state/jobs'
import { activeTab, isDirty } from '../state/tabs'

/** Follows the state from now on. */
export function showPage(app: App, page: Document): void {
  const dark = matchMedia('(prefers-color-scheme: dark)')
  function theme(): void {
    const { theme } = app.settings.get()
    page.documentElement.dataset['theme'] = theme === 'system' ? (dark.matches ? 'dark' : 'light') : theme
  }
  function title(): void {
    const tab = activeTab(app.tabs.get())
    const job = runningJob(app.jobs.get())
    const running = job === undefined ? '' : `${Math.floor(job.progress * 100)}% `
    const name = tab?.name ?? ''
    page.title = `${running}${tab !== undefined && isDirty(tab) ? '• ' : ''}${name === '' ? '' : `${name} – `}inkloom`
  }
  function language(): void {
    page.documentElement.lang = app.language.get()
    page.documentElement.dir = LANGUAGES[app.language.get()]?.direction ?? 'ltr'
  }
  app.settings.subscribe(theme)
  dark.addEventListener('change', theme)
  app.language.subscribe(language)
  app.tabs.subscribe(title)
  app.jobs.subscribe(title)
  theme()
  language()
  title()
}
