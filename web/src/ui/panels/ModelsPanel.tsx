/** The models that the server has, by folder: to read about, and to drag onto the canvas. */

import { useEffect, useMemo, useState } from 'react'
import type { ModelFile } from '../../core/api/shapes'
import { bytesText } from '../../core/measures'
import { attempt, say } from '../../state/app'
import { addModel } from '../adding'
import { dragModel } from '../dragging'
import { found } from '../find'
import { Icon } from '../Icon'
import { useApp, useStore, useT } from '../use'

interface Folder {
  readonly name: string
  readonly files: readonly ModelFile[]
}

export function ModelsPanel() {
  const app = useApp()
  const t = useT()
  const definitions = useStore(app.definitions) // read anew, there may be other files
  const [folders, setFolders] = useState<readonly Folder[] | null>(null)
  const [query, setQuery] = useState('')
  // biome-ignore lint/correctness/useExhaustiveDependencies: new definitions mean that files were looked for again
  useEffect(() => {
    void attempt(app, say(app, 'error.server'), async () => {
      const names = (await app.api.modelFolders()).map((one) => one.name)
      setFolders(await Promise.all(names.map(async (name) => ({ name, files: await app.api.models(name) }))))
    })
  }, [app, definitions])
  const shown = useMemo(
    () =>
      (folders ?? [])
        .map(({ name, files }) => ({ name, files: found(query, files, (one) => `${one.name} ${name}`) }))
        .filter(({ files }) => files.length > 0),
    [folders, query],
  )
  if (folders === null) return <p className="muted">{t('panel.templates.loading')}</p>
  return (
    <>
      <input
        className="input"
        type="search"
        aria-label={t('models.search')}
        placeholder={t('models.search')}
        value={query}
        onChange={(event) => setQuery(event.target.value)}
      />
      <div className="panel-scroll">
        {shown.map(({ name, files }) => (
          <details key={name} className="tree" open={query !== '' || shown.length < 6}>
            <summary>
              {name} <span className="count">{files.length}</span>
            </summary>
            <ul>
              {files.map((file) => (
                <ModelRow key={`${file.pathIndex}/${file.name}`} folder={name} file={file} />
              ))}
            </ul>
          </details>
        ))}
        {shown.length === 0 && <p className="muted">{t('models.none')}</p>}
      </div>
    </>
  )
}

function ModelRow({ folder, file }: { readonly folder: string; readonly file: ModelFile }) {
  const app = useApp()
  const t = useT()
  const { name } = file
  return (
    <li className="row-item">
      <button
        type="button"
        className="tree-item"
        title={name}
        draggable
        onDragStart={(event) => dragModel(event, folder, name)}
        onClick={() => addModel(app, folder, name)}
      >
        <span className="row-name">{name}</span>
        <span className="row-note">{bytesText(file.size)}</span>
      </button>
      <button
        type="button"
        className="row-action"
        aria-label={t('models.about', { name })}
        title={t('models.notes')}
        onClick={() => app.dialog.set({ id: 'model', folder, file })}
      >
        <Icon name="help" />
      </button>
    </li>
  )
}
