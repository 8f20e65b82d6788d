/** Files between a person's disk and the editor. */

import { writeDocument } from '../core/files/writing'
import { writeJson } from '../core/json'
import { toPrompt } from '../core/prompt/convert'
import { type App, attempt, say } from '../state/app'
import { momentOf } from '../state/running'
import { activeTab, type Tab, withTab } from '../state/tabs'
import { takeFiles } from './uploading'

/** Lets a person choose files to open. */
export function chooseFiles(app: App): Promise<void> {
  const input = document.createElement('input')
  input.type = 'file'
  input.multiple = true
  input.accept = '.json,.png,.webp'
  return new Promise((done) => {
    input.oncancel = () => done()
    input.onchange = () => done(takeFiles(app, [...(input.files ?? [])]))
    input.click()
  })
}

/** Saves a copy of the workflow that is looked at on the person's own disk. */
export function saveCopy(app: App): void {
  const tab = activeTab(app.tabs.get())
  if (tab === undefined) return
  const { document } = tab.edited
  download(`${nameIn(app, tab)}.json`, jsonFile(writeDocument(document, 2)))
  // One that lies on the server is saved only when it is saved there.
  if (tab.file === null)
    app.tabs.update((tabs) => withTab(tabs, tab.id, (one) => ({ ...one, saved: document })))
}

/** Saves what would be sent to the server, for programs that send it themselves. */
export function exportPrompt(app: App): Promise<void> {
  return attempt(app, say(app, 'run.refused'), async () => {
    const tab = activeTab(app.tabs.get())
    if (tab === undefined) return
    const prompt = toPrompt(tab.edited.document, app.definitions.get(), momentOf(app))
    download(`${nameIn(app, tab)} (API).json`, jsonFile(writeJson(prompt, 2)))
  })
}

const nameIn = (app: App, tab: Tab): string => tab.name ?? say(app, 'tabs.untitled')

const jsonFile = (text: string): Blob => new Blob([text], { type: 'application/json' })

export function download(name: string, content: Blob): void {
  const link = document.createElement('a')
  link.href = URL.createObjectURL(content)
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000)
}
