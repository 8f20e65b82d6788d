/** Ids of subgraphs. */

import type { App } from '../../state/app'

/** Returns a UUID, as files name subgraphs. */
export function uuid(app: App): string {
  const id = app.newId().padEnd(32, '0')
  const version = `4${id.slice(13, 16)}`
  const variant = `8${id.slice(17, 20)}`
  return `${id.slice(0, 8)}-${id.slice(8, 12)}-${version}-${variant}-${id.slice(20, 32)}`
}
