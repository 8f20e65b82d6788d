/** Taking a link off an input by its port: that lies above the end of the link, which is what a hand means. */

import type { MouseEvent } from 'react'
import type { App } from '../../state/app'
import { placeOf } from '../../state/editing'
import { portAt } from './ports'

/** Takes a press on the port of a linked input as one on the end of its link; tells whether it was one. */
export function takeOff(app: App, event: MouseEvent): boolean {
  if (event.button !== 0 || event.altKey || event.shiftKey || event.ctrlKey || event.metaKey) return false
  const port = (event.target as Element).closest<HTMLElement>('.port.target')
  const end = port === null ? null : endAt(app, port)
  if (end === null) return false
  const { clientX, clientY, screenX, screenY } = event
  const at = { clientX, clientY, screenX, screenY }
  end.dispatchEvent(new window.MouseEvent('mousedown', { ...at, button: 0, buttons: 1, bubbles: true }))
  return true
}

/** Returns what the view draws the end of a port's link by; null for a port without a link. */
function endAt(app: App, { dataset }: HTMLElement): Element | null {
  const place = placeOf(app)
  const port = place && portAt(place, dataset['nodeid'] ?? '', dataset['handleid'], 'target')
  const link = place?.shown.nodes.get(port?.end.node ?? '')?.inputs[port?.end.slot ?? -1]?.link
  if (link == null) return null
  return document.querySelector(
    `.react-flow__edge[data-id="${CSS.escape(link)}"] .react-flow__edgeupdater-target`,
  )
}
