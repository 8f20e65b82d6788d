/** Workflows on the server: saving, opening, renaming and deleting those of a person. */

import { ServerError } from '../core/api/client'
import type { UserFile } from '../core/api/shapes'
import { readWorkflow } from '../core/files/detecting'
import { writeDocument } from '../core/files/writing'
import { type App, askText, attempt, confirm, say, toast } from './app'
import { openDocument } from './editing'
import { activeTab, type HomeFile, type Tab, withTab } from './tabs'

/** The folder of a person's files that all editors of the format keep workflows in. */
export const FOLDER = 'workflows'

const ENDING = '.json'

/** Returns what a workflow is called: its file without folders and ending. */
export function nameOf(path: string): string {
  return (path.split('/').at(-1) ?? path).replace(/\.json$/i, '')
}

/** Returns the path that a name means: "portraits/anna" is anna.json in a folder. Null for one that means none. */
export function pathOf(name: string): string | null {
  const parts = name
    .split('/')
    .map((part) => part.trim())
    .filter((part) => part !== '')
  if (parts.length === 0 || parts.some((part) => part.startsWith('.') || /[\\:*?"<>|\p{Cc}]/u.test(part)))
    return null
  const path = parts.join('/')
  return path.toLowerCase().endsWith(ENDING) ? path : `${path}${ENDING}`
}

export async function savedWorkflows(app: App): Promise<readonly UserFile[]> {
  const files = await app.api.userFiles(FOLDER)
  return files.filter(
    ({ path }) => path.toLowerCase().endsWith(ENDING) && !path.split('/').includes('.index.json'),
  )
}

/** Saves what is looked at where it lies, or asks for a name where it lies nowhere yet. */
export async function save(app: App): Promise<void> {
  const tab = activeTab(app.tabs.get())
  if (tab === undefined) return
  if (tab.file === null) return saveAs(app)
  await attempt(app, say(app, 'save.failed'), async () => {
    if (tab.file !== null && (await isNewerThere(app, tab.file)) && !(await mayReplace(app, tab.file.path)))
      return
    await write(app, tab, tab.file?.path ?? '', true)
  })
}

/** Tells whether another window or program has saved the file since this tab did. */
async function isNewerThere(app: App, { path, modified }: HomeFile): Promise<boolean> {
  const there = (await savedWorkflows(app)).find((one) => one.path === path)
  return there !== undefined && there.modified > modified
}

const mayReplace = (app: App, path: string) =>
  confirm(
    app,
    say(app, 'save.replace.title', { name: nameOf(path) }),
    say(app, 'save.replace.text'),
    say(app, 'save.replace.do'),
  )

/** Saves what is looked at under a name that is asked for. */
export async function saveAs(app: App): Promise<void> {
  const tab = activeTab(app.tabs.get())
  if (tab === undefined) return
  const name = await askText(app, {
    title: say(app, 'save.title'),
    label: say(app, 'save.name'),
    value: tab.file?.path.replace(/\.json$/i, '') ?? tab.name ?? '',
    action: say(app, 'save.do'),
  })
  if (name === null) return
  const path = pathOf(name)
  if (path === null) return toast(app, 'bad', say(app, 'save.failed'), say(app, 'save.badName', { name }))
  await attempt(app, say(app, 'save.failed'), async () => {
    try {
      await write(app, tab, path, false)
    } catch (error) {
      if (!(error instanceof ServerError) || error.status !== 409) throw error
      if (await mayReplace(app, path)) await write(app, tab, path, true)
    }
  })
}

async function write(app: App, { id, edited }: Tab, path: string, overwrite: boolean): Promise<void> {
  const { document } = edited
  const told = await app.api.saveUserFile(`${FOLDER}/${path}`, writeDocument(document, 2), overwrite)
  const file = { path, modified: told.modified }
  app.tabs.update((tabs) =>
    withTab(tabs, id, (one) => ({ ...one, saved: document, name: nameOf(path), file })),
  )
  toast(app, 'good', say(app, 'save.done', { name: path }))
}

/** Opens a saved workflow, or looks at the tab where it is open already. */
export async function openSaved(app: App, { path, modified }: UserFile): Promise<void> {
  const open = app.tabs.get().open.find((tab) => tab.file?.path === path)
  if (open !== undefined) return app.tabs.update((tabs) => ({ ...tabs, active: open.id }))
  await attempt(app, say(app, 'error.open', { name: path }), async () => {
    const text = await app.api.readUserFile(`${FOLDER}/${path}`)
    const { document } = readWorkflow(text, app.definitions.get())
    openDocument(app, nameOf(path), document, { path, modified })
  })
}

/** Gives a saved workflow another name or folder; tells whether it did. */
export async function renameSaved(app: App, { path }: UserFile): Promise<boolean> {
  const name = await askText(app, {
    title: say(app, 'workflows.rename'),
    label: say(app, 'save.name'),
    value: path.replace(/\.json$/i, ''),
    action: say(app, 'workflows.rename.do'),
  })
  const wanted = name === null ? null : pathOf(name)
  if (name === null || wanted === path) return false
  if (wanted === null) {
    toast(app, 'bad', say(app, 'save.failed'), say(app, 'save.badName', { name }))
    return false
  }
  try {
    await app.api.moveUserFile(`${FOLDER}/${path}`, `${FOLDER}/${wanted}`)
  } catch (error) {
    if (!(error instanceof Error)) throw error
    const taken = error instanceof ServerError && error.status === 409
    const text = taken ? say(app, 'save.taken', { name: wanted }) : error.message
    toast(app, 'bad', say(app, 'save.failed'), text)
    return false
  }
  changeFile(app, path, (tab) => ({
    ...tab,
    name: nameOf(wanted),
    file: tab.file && { ...tab.file, path: wanted },
  }))
  return true
}

/** Deletes a saved workflow after asking; where it is open, it stays so, and counts as not saved. */
export async function deleteSaved(app: App, { path }: UserFile): Promise<boolean> {
  const sure = await confirm(
    app,
    say(app, 'workflows.delete.title', { name: nameOf(path) }),
    say(app, 'workflows.delete.text', { path }),
    say(app, 'workflows.delete.do'),
  )
  if (!sure) return false
  let done = false
  await attempt(app, say(app, 'error.server'), async () => {
    await app.api.deleteUserFile(`${FOLDER}/${path}`)
    changeFile(app, path, (tab) => ({ ...tab, file: null, saved: null }))
    done = true
  })
  return done
}

function changeFile(app: App, path: string, change: (tab: Tab) => Tab): void {
  app.tabs.update((tabs) => ({
    ...tabs,
    open: tabs.open.map((tab) => (tab.file?.path === path ? change(tab) : tab)),
  }))
}
