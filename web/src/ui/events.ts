/** What happens in a job, listened to with the browser's own means. */

import type { JobEvent } from '../core/timeline'
import type { Listen } from '../state/following'

const KINDS = [
  'state',
  'run_started',
  'node_started',
  'node_finished',
  'node_blocked',
  'node_failed',
  'run_done',
  'run_failed',
  'run_cancelled',
  'progress',
  'span',
  'mark',
  'recap',
]

/** The browser comes back by itself when the connection is lost, and hears what it missed. */
export const listenTo: Listen = (url, heard) => {
  const source = new EventSource(url)
  const take = (event: MessageEvent<string>) => heard(JSON.parse(event.data) as JobEvent)
  for (const kind of KINDS) source.addEventListener(kind, take)
  return () => source.close()
}
