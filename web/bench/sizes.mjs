/** What the built editor weighs. */

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'

const zipped = (path) => gzipSync(readFileSync(path)).length / 1000
const total = (sizes) => sizes.reduce((sum, one) => sum + one, 0)

/** Returns kilobytes, packed: `start` of the scripts that the page names, `all` of all but the mask editor's. */
export function scripts(built) {
  const page = readFileSync(join(built, 'index.html'), 'utf-8')
  const named = [...page.matchAll(/(?:src|href)="\.\/(assets\/[^"]+\.js)"/g)].map(([, name]) => name)
  const folder = join(built, 'assets')
  const files = readdirSync(folder).filter((name) => name.endsWith('.js') && !name.startsWith('MaskEditor'))
  return {
    start: total(named.map((name) => zipped(join(built, name)))),
    all: total(files.map((name) => zipped(join(folder, name)))),
  }
}
