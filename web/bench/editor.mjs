/**
 * What the editor costs with 1,000 nodes of six fields each, in a real browser: `python -m bench editor` starts the
 * server and runs this. Prints each figure, least and median of a few rounds, beside its goal.
 */

import { dirname, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { drag, hear, pan, type } from './acts.mjs'
import { heading, rounds, tell } from './measuring.mjs'
import { lookAtAll, lookAtMany, lookAtMiddle, openEditor, reloaded } from './page.mjs'
import { scripts } from './sizes.mjs'

const ROUNDS = 3

const base = process.argv[2]
const other = process.env['EDITOR_BUILT']
const built = other ?? resolve(dirname(fileURLToPath(import.meta.url)), '../../server/_web')

const editor = await openEditor(base, other)
try {
  heading()
  tell('ready after a reload', await rounds(ROUNDS, () => reloaded(editor)), 'ms', 1500)

  await lookAtMiddle(editor)
  moving('pan at zoom 1', await rounds(ROUNDS, (round) => pan(editor, round)), 25, null)
  moving('drag of a node at zoom 1', await rounds(ROUNDS, (round) => drag(editor, round)), 25, null)

  const typed = await rounds(ROUNDS, () => type(editor))
  of(typed, 'main', 'a letter in a text area, main thread', 16)
  of(typed, 'after', 'the longest frame in the 1.5 s after typing', null)

  const heard = await rounds(ROUNDS, () => hear(editor))
  of(heard, 'nodes', 'nodes that a message of progress draws anew', 1, '')
  of(heard, 'rendering', 'that: scripts, styles, layout', 2)
  of(heard, 'main', 'with the frame that shows it, main thread', null)

  await lookAtMany(editor)
  moving('pan at zoom 0.21', await rounds(ROUNDS, (round) => pan(editor, round)), null, 60)
  moving('drag of a node at zoom 0.21', await rounds(ROUNDS, (round) => drag(editor, round)), null, 60)

  await lookAtAll(editor)
  moving('pan of the whole graph', await rounds(ROUNDS, (round) => pan(editor, round)), null, 60)
  moving('drag of a node of the whole graph', await rounds(ROUNDS, (round) => drag(editor, round)), null, 60)

  const { start, all } = scripts(built)
  tell('JavaScript that the page begins with, gzip', [start], 'kB', 250)
  tell('all JavaScript but the mask editor, gzip', [all], 'kB', null)
} finally {
  await editor.close()
}

function of(found, name, title, goal, unit = 'ms') {
  tell(
    title,
    found.map((one) => one[name]),
    unit,
    goal,
  )
}

function moving(title, found, frame, main) {
  of(found, 'p95', `${title}, 95th frame`, frame)
  of(found, 'main', `${title}, main thread a move`, main)
}
