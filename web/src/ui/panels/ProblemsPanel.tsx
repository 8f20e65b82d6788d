/** What is wrong in the workflow that is looked at, and the way there. */

import { useSyncExternalStore } from 'react'
import { graphOf } from '../../core/document'
import { titleOf } from '../../core/widgets'
import { selectNodes } from '../../state/editing'
import { ofKey } from '../../state/run'
import { useActiveTab, useApp, useStore, useT } from '../use'

export function ProblemsPanel() {
  const app = useApp()
  const t = useT()
  const tab = useActiveTab()
  const definitions = useStore(app.definitions)
  const { problems } = app.run
  const all = useSyncExternalStore(problems.subscribeAll, problems.all)
  const nodes = [...all].filter(([at]) => tab !== undefined && at.startsWith(`${tab.id}/`))
  if (tab === undefined || nodes.length === 0) return <p className="muted">{t('panel.problems.none')}</p>
  const { document } = tab.edited
  return (
    <ul className="panel-scroll">
      {nodes.flatMap(([at, told]) => {
        const { node: id } = ofKey(at)
        const node = graphOf(document, tab.graph).nodes.get(id)
        const title = node === undefined ? id : titleOf(document, definitions, node)
        return told.map((one) => (
          <li key={`${at}${one.input}${one.message}`}>
            <button
              type="button"
              className="problem"
              onClick={() => {
                selectNodes(app, [id])
                app.canvas.get()?.fit([id])
              }}
            >
              <strong>{title}</strong>
              <span>{one.message}</span>
              {one.input !== null && <span className="muted">{one.input}</span>}
            </button>
          </li>
        ))
      })}
    </ul>
  )
}
