/** From keys to commands. */

import type { App } from '../../state/app'
import { commandFor } from './bound'
import { perform } from './table'

/** Does what keys mean, if they mean anything. */
export function heard(app: App, event: KeyboardEvent): void {
  if (event.defaultPrevented || event.isComposing || app.dialog.get() !== null) return
  const typing = isField(event.target)
  const command = commandFor(event, app.settings.get(), typing)
  if (command === undefined || command.native || command.enabled?.(app) === false) return
  event.preventDefault()
  perform(app, command)
}

/** Listens until the returned function is called. */
export function listenToKeys(app: App, target: Window): () => void {
  const onKeyDown = (event: KeyboardEvent) => heard(app, event)
  target.addEventListener('keydown', onKeyDown)
  return () => target.removeEventListener('keydown', onKeyDown)
}

function isField(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false
  return target.isContentEditable || ['INPUT', 'TEXTAREA', 'SELECT'].includes(target.tagName)
}
