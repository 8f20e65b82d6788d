/** What is wrong in the workflow that is looked at, the way there, and the way out. */

import { useSyncExternalStore } from 'react'
import { titleAt } from '../../core/titles'
import { goTo } from '../../state/going'
import { mendAll, problemsIn } from '../../state/problems'
import { key } from '../../state/run'
import { ProblemActions } from '../canvas/NodeProblems'
import { useActiveTab, useApp, useStore, useT } from '../use'

export function ProblemsPanel() {
  const app = useApp()
  const t = useT()
  const tab = useActiveTab()
  const definitions = useStore(app.definitions)
  const { problems } = app.run
  const all = useSyncExternalStore(problems.subscribeAll, problems.all)
  const found = tab === undefined ? [] : problemsIn(all, tab.id)
  if (tab === undefined || found.length === 0) return <p className="muted">{t('panel.problems.none')}</p>
  const { document } = tab.edited
  return (
    <>
      {found.filter(({ problem }) => problem.fix !== undefined).length > 1 && (
        <button type="button" className="button" onClick={() => mendAll(app, tab.id)}>
          {t('panel.problems.fixAll')}
        </button>
      )}
      <ul className="panel-scroll">
        {found.map(({ id, problem }) => (
          <li key={`${id}/${problem.input}/${problem.message}`} className="problem">
            <button type="button" className="problem-where" onClick={() => goTo(app, id)}>
              <strong>{titleAt(document, definitions, id)}</strong>
              {problem.input !== null && <span className="muted">{problem.input}</span>}
            </button>
            <p>{problem.message}</p>
            <div className="problem-actions">
              <ProblemActions at={key(tab.id, id)} problem={problem} />
            </div>
          </li>
        ))}
      </ul>
    </>
  )
}
