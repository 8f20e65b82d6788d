/** Copying and pasting nodes: as text, so that they go from tab to tab, window to window, and into any text. */

import { copyText, duplicate, type Pasted, paste, pasteDocument } from '../core/commands/clipboard'
import { removeNodes } from '../core/commands/links'
import { boxAround, boxOf } from '../core/commands/nodes'
import type { Places } from '../core/commands/placing'
import type { Graph, Point } from '../core/document'
import { readWorkflow } from '../core/files/detecting'
import { type App, attempt, say } from '../state/app'
import { edit, placeOf, select } from '../state/editing'
import { NOTHING_SELECTED } from '../state/tabs'
import { announce } from './jumping'

/** Returns what is chosen as text; null where nothing is. */
export function chosenText(app: App): string | null {
  const place = placeOf(app)
  if (place === null) return null
  const { nodes, groups } = place.tab.selection
  return nodes.size + groups.size === 0 ? null : copyText(place, nodes, groups)
}

/** Copies what is chosen; tells whether there was anything. */
export function copy(app: App): boolean {
  const text = chosenText(app)
  if (text === null) return false
  app.copied.set(text)
  // Where the page may not reach the system's clipboard, this window remembers.
  void navigator.clipboard?.writeText(text).catch(() => undefined)
  return true
}

export function cut(app: App): void {
  if (copy(app)) removeCut(app)
}

export function removeCut(app: App): void {
  edit(app, say(app, 'command.edit.cut'), (place) => [
    ...removeNodes(place, place.tab.selection.nodes),
    ...[...place.tab.selection.groups].map(
      (id) => ({ op: 'group', graph: place.graph, id, value: null }) as const,
    ),
  ])
}

/** Pastes from the clipboard, as far as the browser lets the page read it. */
export async function pasteHere(app: App, connect = false): Promise<void> {
  const text = await navigator.clipboard?.readText().catch(() => null)
  const given = text && looksLikeWorkflow(text) ? text : app.copied.get()
  if (given !== null) pasteText(app, given, connect)
}

/** Tells whether a text may be a workflow, without reading all of it. */
export const looksLikeWorkflow = (text: string): boolean => /^\s*\{/.test(text)

/** Pastes a workflow's text where the mouse is, or a little beside where it was. */
export function pasteText(app: App, text: string, connect = false, at?: Point): void {
  void attempt(app, say(app, 'error.paste'), async () => {
    const { document } = readWorkflow(text, app.definitions.get())
    put(app, 'command.edit.paste', (place) => pasteDocument(place, document, at ?? pointer(app), connect))
  })
}

export function duplicateChosen(app: App, connect = false): void {
  put(app, 'command.edit.duplicate', (place) => duplicate(place, place.tab.selection.nodes, connect))
}

/** Puts copies of what was dragged where it was dragged to; it stays where it was itself. */
export function duplicateTo(app: App, { nodes, groups }: Pick<Places, 'nodes' | 'groups'>): void {
  put(app, 'command.edit.duplicate', (place) => {
    const { shown } = place
    const boxes = [
      ...[...nodes.keys()].flatMap((id) => shown.nodes.get(id) ?? []).map(boxOf),
      ...[...groups.keys()].flatMap((id) => shown.groups.get(id)?.box ?? []),
    ]
    const corner = boxAround(boxes)
    const by = wayOf(shown, nodes, groups)
    if (corner === undefined || by === undefined) return { ops: [], nodes: [], groups: [] }
    const at = { x: corner.x + by.x, y: corner.y + by.y }
    return paste(place, copyText(place, nodes.keys(), groups.keys()), at)
  })
}

/** Returns how far things were dragged, all the same way. */
function wayOf(
  shown: Graph,
  nodes: ReadonlyMap<string, Point>,
  groups: ReadonlyMap<string, Point>,
): Point | undefined {
  for (const [id, { x, y }] of groups) {
    const box = shown.groups.get(id)?.box
    if (box !== undefined) return { x: x - box.x, y: y - box.y }
  }
  for (const [id, { x, y }] of nodes) {
    const pos = shown.nodes.get(id)?.pos
    if (pos !== undefined) return { x: x - pos.x, y: y - pos.y }
  }
  return undefined
}

function put(
  app: App,
  label: 'command.edit.paste' | 'command.edit.duplicate',
  make: (place: NonNullable<ReturnType<typeof placeOf>>) => Pasted,
): void {
  let pasted: Pasted | null = null
  edit(app, say(app, label), (place) => {
    pasted = make(place)
    return pasted.ops
  })
  const { nodes = [], groups = [] } = (pasted ?? {}) as Partial<Pasted>
  if (nodes.length + groups.length === 0) return
  select(app, { ...NOTHING_SELECTED, nodes: new Set(nodes), groups: new Set(groups) })
  announce(app, say(app, 'said.pasted', { n: nodes.length }))
}

/** The mouse's last place on the canvas, as a point of the graph. */
function pointer(app: App): Point | undefined {
  return app.canvas.get()?.pointer() ?? undefined
}

/** Follows the browser's own copy, cut and paste, which need no permission; what is typed in fields is theirs. */
export function listenToClipboard(app: App, target: Window): () => void {
  let shift = false
  const keys = (event: KeyboardEvent) => {
    shift = event.shiftKey
  }
  function ours(event: ClipboardEvent): boolean {
    const at = event.target
    const field = at instanceof HTMLElement && (at.isContentEditable || at.matches('input, textarea, select'))
    const text = target.getSelection()?.isCollapsed === false
    return !field && !text && app.dialog.get() === null
  }
  function onCopy(event: ClipboardEvent): void {
    const text = ours(event) ? chosenText(app) : null
    if (text === null) return
    event.clipboardData?.setData('text/plain', text)
    app.copied.set(text)
    event.preventDefault()
    if (event.type === 'cut') removeCut(app)
  }
  function onPaste(event: ClipboardEvent): void {
    const given = event.clipboardData
    if (!ours(event) || given === null || given.files.length > 0) return
    const text = given.getData('text/plain')
    if (!looksLikeWorkflow(text)) return
    event.preventDefault()
    pasteText(app, text, shift)
  }
  target.addEventListener('keydown', keys, true)
  target.addEventListener('copy', onCopy)
  target.addEventListener('cut', onCopy)
  target.addEventListener('paste', onPaste)
  return () => {
    target.removeEventListener('keydown', keys, true)
    target.removeEventListener('copy', onCopy)
    target.removeEventListener('cut', onCopy)
    target.removeEventListener('paste', onPaste)
  }
}
