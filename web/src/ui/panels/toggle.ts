import type { App } from '../../state/app'

/** Opens a panel on the left, or closes it where it is open. */
export function togglePanel(app: App, id: string): void {
  app.settings.update((old) => ({ ...old, panel: old.panel === id ? null : id }))
}
