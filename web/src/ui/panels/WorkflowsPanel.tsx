/** The workflows that a person has saved on the server, by folder. */

import { useCallback, useEffect, useState } from 'react'
import type { UserFile } from '../../core/api/shapes'
import { grouped } from '../../core/grouped'
import { attempt, say } from '../../state/app'
import { deleteSaved, nameOf, openSaved, renameSaved, savedWorkflows } from '../../state/saving'
import { commandOf, perform } from '../commands/table'
import { found } from '../find'
import { Icon } from '../Icon'
import { useActiveTab, useApp, usePicked, useT } from '../use'

export function WorkflowsPanel() {
  const app = useApp()
  const t = useT()
  const [files, setFiles] = useState<readonly UserFile[] | null>(null)
  const [query, setQuery] = useState('')
  const saved = usePicked(app.tabs, (tabs) =>
    tabs.open.map((tab) => `${tab.file?.path}${tab.file?.modified}`).join(),
  )
  const read = useCallback(
    () => attempt(app, say(app, 'error.server'), async () => setFiles(await savedWorkflows(app))),
    [app],
  )
  // biome-ignore lint/correctness/useExhaustiveDependencies: what was saved meanwhile is shown, too
  useEffect(() => void read(), [read, saved])
  const shown = found(query, files ?? [], (one) => one.path)
  const folders = [...grouped(shown, ({ path }) => path.slice(0, Math.max(0, path.lastIndexOf('/'))))]
  return (
    <>
      <div className="panel-row">
        <input
          className="input"
          type="search"
          aria-label={t('workflows.search')}
          placeholder={t('workflows.search')}
          value={query}
          onChange={(event) => setQuery(event.target.value)}
        />
        {(['file.save', 'file.open'] as const).map((id) => (
          <button
            key={id}
            type="button"
            className="button quiet square"
            aria-label={t(commandOf(id).title)}
            title={t(commandOf(id).title)}
            onClick={() => perform(app, commandOf(id))}
          >
            <Icon name={id === 'file.save' ? 'save' : 'folder'} />
          </button>
        ))}
      </div>
      <div className="panel-scroll">
        {folders
          .sort(([one], [other]) => one.localeCompare(other))
          .map(([folder, inside]) =>
            folder === '' ? (
              <Files key={folder} files={inside} changed={read} />
            ) : (
              <details key={folder} className="tree" open>
                <summary>
                  {folder.replaceAll('/', ' / ')} <span className="count">{inside.length}</span>
                </summary>
                <Files files={inside} changed={read} />
              </details>
            ),
          )}
        {files !== null && shown.length === 0 && (
          <p className="muted">{t(files.length === 0 ? 'workflows.none' : 'workflows.notFound')}</p>
        )}
      </div>
    </>
  )
}

function Files({
  files,
  changed,
}: {
  readonly files: readonly UserFile[]
  readonly changed: () => Promise<void>
}) {
  return (
    <ul>
      {files.map((file) => (
        <FileRow key={file.path} file={file} changed={changed} />
      ))}
    </ul>
  )
}

function FileRow({ file, changed }: { readonly file: UserFile; readonly changed: () => Promise<void> }) {
  const app = useApp()
  const t = useT()
  const active = useActiveTab()?.file?.path === file.path
  const language = usePicked(app.language, (code) => code)
  const name = nameOf(file.path)
  const time = new Date(file.modified * 1000)
  async function after(done: Promise<boolean>): Promise<void> {
    if (await done) await changed()
  }
  return (
    <li className="row-item" data-active={active || undefined}>
      <button type="button" className="tree-item" title={file.path} onClick={() => openSaved(app, file)}>
        <span className="row-name">{name}</span>
        <time className="row-note" dateTime={time.toISOString()}>
          {time.toLocaleDateString(language, { day: 'numeric', month: 'short' })}
        </time>
      </button>
      <button
        type="button"
        className="row-action"
        aria-label={t('workflows.renameOne', { name })}
        title={t('workflows.rename')}
        onClick={() => after(renameSaved(app, file))}
      >
        <Icon name="pencil" />
      </button>
      <button
        type="button"
        className="row-action"
        aria-label={t('workflows.deleteOne', { name })}
        title={t('panel.queue.delete')}
        onClick={() => after(deleteSaved(app, file))}
      >
        <Icon name="trash" />
      </button>
    </li>
  )
}
