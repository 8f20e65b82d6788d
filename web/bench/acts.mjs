/** What a person, or the server, does to the editor while it is measured. */

import { computed, measured, pause } from './measuring.mjs'
import { pointIn } from './page.mjs'
import { HEADER, NOTHING, TEXT } from './workflow.mjs'

const [MOVES, LETTERS, MESSAGES] = [60, 40, 60]

/** Frames that are watched after typing. */
const AFTER = 90

/** Milliseconds between two letters, and between two messages. */
const [BEAT, TICK] = [50, 30]

/** Cells beside that of the text, whose nodes are in view with it. */
const [LEFT, ABOVE] = [
  { ...TEXT, column: TEXT.column - 1 },
  { ...TEXT, row: TEXT.row - 1 },
]

/** Moves the view with the mouse; there in one round, back in the next. */
export async function pan(editor, round) {
  return moved(editor, await pointIn(editor, ABOVE, NOTHING), round)
}

/** Moves a node with the mouse, and takes that back. */
export async function drag(editor) {
  const found = await moved(editor, await pointIn(editor, LEFT, HEADER), 0)
  await editor.page.keyboard.press('Control+z')
  await pause(800)
  return found
}

async function moved({ page, session }, [x, y], round) {
  const step = round % 2 === 0 ? 1 : -1
  await page.mouse.move(x, y)
  await page.mouse.down()
  const found = await measured({ page, session }, MOVES, (at) =>
    page.mouse.move(x + step * at * 3, y + step * at),
  )
  await page.mouse.up()
  await pause(800) // until what follows a change has been done
  return found
}

/** Types into the text area; what the same time costs without a letter is not counted. */
export async function type(editor) {
  const { page, text } = editor
  await page.locator(`.react-flow__node[data-id="${text}"] textarea`).click()
  const still = await measured(editor, LETTERS, () => pause(BEAT))
  const typed = await measured(editor, LETTERS, async (at) => {
    await page.keyboard.press('abcdefg '[at % 8])
    await pause(BEAT)
  })
  const { worst } = await measured(editor, AFTER, () => undefined)
  return { main: Math.max(0, typed.main - still.main), after: worst }
}

/** Begins a run of which the messages are not the server's; returns what takes one of progress. */
async function begin({ page }, node) {
  let job = null
  await page.route('**/api/prompt', (route) => {
    job = route.request().postDataJSON().prompt_id
    return route.fulfill({ json: { prompt_id: job, number: 1, node_errors: {} } })
  })
  await page.keyboard.press('Control+Enter')
  while (job === null) await pause(50)
  await page.unroute('**/api/prompt')
  const state = { node_id: node, display_node_id: node, real_node_id: node, parent_node_id: null }
  const message = (type, data) => JSON.stringify({ type, data: { prompt_id: job, ...data } })
  return {
    start: message('execution_start', { timestamp: 1 }),
    step: (value) =>
      message('progress_state', {
        nodes: { [node]: { ...state, prompt_id: job, state: 'running', value, max: MESSAGES + 1 } },
      }),
    end: message('execution_success', { timestamp: 2 }),
  }
}

/** Tells the page of a node's progress, as the server would; the same time without messages is not counted. */
export async function hear(editor) {
  const { page, text } = editor
  const told = await begin(editor, String(text))
  const tell = (messages) =>
    page.evaluate(
      async ([messages, tick]) => {
        const nodes = new Set()
        const watched = new MutationObserver((changes) => {
          for (const { target } of changes) {
            const on = target.nodeType === Node.ELEMENT_NODE ? target : target.parentElement
            nodes.add(on?.closest('.react-flow__node')?.dataset['id'] ?? on?.className)
          }
        })
        const all = { subtree: true, childList: true, attributes: true, characterData: true }
        const canvas = document.querySelector('.react-flow')
        watched.observe(canvas, all)
        for (const data of messages) {
          if (data !== '') globalThis.socket.dispatchEvent(new MessageEvent('message', { data }))
          await new Promise((done) => setTimeout(done, tick))
        }
        watched.disconnect()
        return nodes.size
      },
      [messages, TICK],
    )
  await tell([told.start, told.step(0)])
  await pause(500)
  const steps = Array.from({ length: MESSAGES }, (_, at) => at + 1)
  const still = await computed(editor, () => tell(steps.map(() => '')))
  const heard = await computed(editor, () => tell(steps.map(told.step)))
  await tell([told.end])
  await pause(500)
  const each = (part) => Math.max(0, heard[part] - still[part]) / MESSAGES
  return { rendering: each('rendering'), main: each('all'), nodes: heard.found }
}
