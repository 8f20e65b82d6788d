/** Beginning: nodes of the server, what was open before or the first template; and files that a person opens. */

import type { FileRef } from '../core/api/shapes'
import { readWorkflow } from '../core/files/detecting'
import { NO_WORKFLOW, openFile } from '../core/files/opening'
import { readObjectInfo } from '../core/objectInfo'
import { WorkflowError } from '../core/problems'
import { type App, attempt, say } from './app'
import type { KeptTabs } from './autosave'
import { openDocument } from './editing'
import { readLink } from './links'
import { entered, newTab, type Tab } from './tabs'

/** What is open when nothing ever was. */
export const FIRST_TEMPLATE = 'text_to_image'

export async function readNodes(app: App): Promise<void> {
  app.definitions.set(readObjectInfo(await app.api.objectInfo()))
}

/** Opens one of the server's templates. */
export async function openTemplate(app: App, name: string): Promise<void> {
  const { document } = readWorkflow(await app.api.template(name), app.definitions.get())
  openDocument(app, name.replaceAll('_', ' '), document)
}

/** Opens what was kept; what can't be read any more is left out, and told. */
export function openKept(app: App, kept: KeptTabs): void {
  const open = kept.open.flatMap((one): Tab[] => {
    try {
      const tab = newTab(one.id, one.name, readWorkflow(one.text, app.definitions.get()).document, one.file)
      const inside = one.path.reduce(entered, tab)
      return [one.clean ? inside : { ...inside, saved: null }]
    } catch (error) {
      void attempt(app, say(app, 'error.open', { name: one.name ?? '' }), () => Promise.reject(error))
      return []
    }
  })
  const active = open.some((tab) => tab.id === kept.active) ? kept.active : (open[0]?.id ?? '')
  app.tabs.set({ open, active })
}

/** Opens the workflow that a shared address holds, if it holds one; nothing of it runs by itself. */
async function openShared(app: App, address: string): Promise<void> {
  const shared = await readLink(address)
  if (shared === null) return
  openDocument(app, shared.name, readWorkflow(shared.text, app.definitions.get()).document)
  app.face.set(shared.face)
}

/** Makes the editor ready: with what was kept, and with what the part of the address behind # says. */
export async function begin(app: App, kept: KeptTabs | null, address = ''): Promise<void> {
  await attempt(app, say(app, 'error.server'), () => readNodes(app))
  if (kept !== null) openKept(app, kept)
  await attempt(app, say(app, 'error.link'), () => openShared(app, address))
  if (app.tabs.get().open.length > 0) return
  await attempt(app, say(app, 'error.server'), () => openTemplate(app, FIRST_TEMPLATE))
}

/** Opens the workflow that a picture of the server carries. */
export async function openPicture(app: App, file: FileRef): Promise<void> {
  await attempt(app, say(app, 'error.open', { name: file.filename }), async () => {
    const { document } = await openFile(await app.api.bytes(app.api.viewUrl(file)), app.definitions.get())
    openDocument(app, nameOfFile(file.filename), document)
  })
}

const nameOfFile = (name: string): string => name.replace(/\.\w+$/, '')

/**
 * Opens files that a person chose or dropped, pictures too; nothing of them runs by itself. What carries no workflow
 * is offered to `otherwise`, which tells whether it has a use for it.
 */
export async function openFiles(
  app: App,
  files: Iterable<File>,
  otherwise: (file: File) => boolean = () => false,
): Promise<void> {
  for (const file of files) {
    await attempt(app, say(app, 'error.open', { name: file.name }), async () => {
      try {
        const { document } = await openFile(new Uint8Array(await file.arrayBuffer()), app.definitions.get())
        openDocument(app, nameOfFile(file.name), document)
      } catch (error) {
        if (!carriesNone(error) || !otherwise(file)) throw error
      }
    })
  }
}

const carriesNone = (error: unknown): boolean =>
  error instanceof WorkflowError && error.problems.some(({ code }) => code === NO_WORKFLOW)
