/** From keys to commands. */

import type { App } from '../../state/app'
import { matches } from './keys'
import { COMMANDS, perform } from './table'

/** Listens until the returned function is called. */
export function listenToKeys(app: App, target: Window): () => void {
  function onKeyDown(event: KeyboardEvent): void {
    if (event.defaultPrevented || event.isComposing || app.dialog.get() !== null) return
    const typing = isField(event.target)
    const command = COMMANDS.find((one) => {
      const heard = one.keys.some((keys) => matches(event, keys))
      return heard && (!typing || one.inFields === true)
    })
    if (command === undefined) return
    event.preventDefault()
    perform(app, command)
  }
  target.addEventListener('keydown', onKeyDown)
  return () => target.removeEventListener('keydown', onKeyDown)
}

function isField(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false
  return target.isContentEditable || ['INPUT', 'TEXTAREA', 'SELECT'].includes(target.tagName)
}
