/** Files between a person's disk and the editor. */

import { writeDocument } from '../core/files/writing'
import { type App, say } from '../state/app'
import { openFiles } from '../state/opening'
import { activeTab, withTab } from '../state/tabs'

/** Lets a person choose files to open. */
export function chooseFiles(app: App): Promise<void> {
  const input = document.createElement('input')
  input.type = 'file'
  input.multiple = true
  input.accept = '.json,.png,.webp'
  return new Promise((done) => {
    input.oncancel = () => done()
    input.onchange = () => done(openFiles(app, input.files ?? []))
    input.click()
  })
}

/** Saves a copy of the workflow that is looked at. */
export function saveWorkflow(app: App): void {
  const tab = activeTab(app.tabs.get())
  if (tab === undefined) return
  const { document } = tab.edited
  const name = tab.name ?? say(app, 'tabs.untitled')
  download(`${name}.json`, new Blob([writeDocument(document, 2)], { type: 'application/json' }))
  app.tabs.update((tabs) => withTab(tabs, tab.id, (one) => ({ ...one, saved: document })))
}

export function download(name: string, content: Blob): void {
  const link = document.createElement('a')
  link.href = URL.createObjectURL(content)
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000)
}
