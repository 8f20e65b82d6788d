/** The pictures of a grid, with the values that made them at its edges. */

import type { FileRef } from '../../core/api/shapes'
import { attempt, say } from '../../state/app'
import { jobOf } from '../../state/jobs'
import type { GridCell, GridRun } from '../../state/shapes'
import { download } from '../files'
import { Icon } from '../Icon'
import { useApp, usePicked, useT } from '../use'
import { viewFiles } from '../viewing'
import { gridPicture } from './picture'

export function GridTable({ run, again }: { readonly run: GridRun; readonly again: () => void }) {
  const app = useApp()
  const t = useT()
  const columns = run.axes.at(-1)
  const rows = run.axes.length > 1 ? run.axes[0] : undefined
  const width = columns?.values.length ?? 1
  const files = run.cells.flatMap((one) => one.picture ?? [])
  const done = files.length
  return (
    <>
      <div className="grid-scroll">
        <table className="grid-table">
          <caption className="sr-only">{t('grid.title')}</caption>
          <thead>
            <tr>
              <th scope="col" className="grid-corner">
                {rows?.label}
                {rows !== undefined && <span aria-hidden="true"> ↓ </span>}
                <span>{columns?.label}</span>
                <span aria-hidden="true"> →</span>
              </th>
              {columns?.values.map((value) => (
                <th key={value} scope="col">
                  {value}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {(rows?.values ?? ['']).map((value, row) => (
              <tr key={value}>
                <th scope="row">{value}</th>
                {run.cells.slice(row * width, (row + 1) * width).map((cell, column) => (
                  <Cell
                    key={cell.job}
                    cell={cell}
                    label={[value, columns?.values[column] ?? ''].filter((one) => one !== '').join(', ')}
                    files={files}
                  />
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <div className="buttons">
        <span className="viewer-count muted" role="status">
          {t('grid.done', { done, n: run.cells.length })}
        </span>
        <button type="button" className="button" onClick={again}>
          {t('grid.again')}
        </button>
        <button
          type="button"
          className="button primary"
          disabled={done === 0}
          onClick={() =>
            attempt(app, say(app, 'grid.title'), async () =>
              download(`${run.name} grid.png`, await gridPicture(run, (file) => app.api.viewUrl(file))),
            )
          }
        >
          <Icon name="download" />
          {t('grid.save')}
        </button>
      </div>
    </>
  )
}

interface CellProps {
  readonly cell: GridCell
  readonly label: string
  readonly files: readonly FileRef[]
}

function Cell({ cell, label, files }: CellProps) {
  const app = useApp()
  const t = useT()
  const state = usePicked(app.jobs, (jobs) => jobOf(jobs, cell.job)?.state)
  const { picture } = cell
  if (picture !== null) {
    return (
      <td>
        <button
          type="button"
          className="grid-picture"
          onClick={() => viewFiles(app, files, files.indexOf(picture))}
        >
          <img src={app.api.viewUrl(picture)} alt={label} />
        </button>
      </td>
    )
  }
  return (
    <td>
      <span className="grid-wait" data-state={state}>
        {state === 'running' || state === 'done' ? (
          <span className="spinner" role="img" aria-label={t('panel.queue.running')} />
        ) : state === 'waiting' ? (
          t('panel.queue.waiting')
        ) : (
          t(state === 'cancelled' ? 'run.cancelled' : 'run.failed')
        )}
      </span>
    </td>
  )
}
