/** All nodes that the server has, by category. */

import { useMemo, useState } from 'react'
import type { NodeDefinition } from '../../core/definitions'
import { search, searchIndex } from '../../core/search'
import { addHere } from '../adding'
import { useApp, useStore, useT } from '../use'

export function NodesPanel() {
  const app = useApp()
  const t = useT()
  const definitions = useStore(app.definitions)
  const [query, setQuery] = useState('')
  const index = useMemo(() => searchIndex(definitions), [definitions])
  const groups = useMemo(
    () => byCategory(search(index, query, undefined, index.length).map((hit) => hit.definition)),
    [index, query],
  )
  return (
    <>
      <input
        className="input"
        type="search"
        aria-label={t('panel.nodes.search')}
        placeholder={t('panel.nodes.search')}
        value={query}
        onChange={(event) => setQuery(event.target.value)}
      />
      <div className="panel-scroll">
        {groups.map(([category, nodes]) => (
          <details key={category} className="tree" open={query !== ''}>
            <summary>
              {category} <span className="count">{nodes.length}</span>
            </summary>
            <ul>
              {nodes.map((node) => (
                <li key={node.type}>
                  <button
                    type="button"
                    className="tree-item"
                    title={node.description}
                    onClick={() => addHere(app, node.type)}
                  >
                    {node.title}
                  </button>
                </li>
              ))}
            </ul>
          </details>
        ))}
        {groups.length === 0 && <p className="muted">{t('panel.nodes.none')}</p>}
      </div>
    </>
  )
}

function byCategory(
  nodes: readonly NodeDefinition[],
): readonly (readonly [string, readonly NodeDefinition[]])[] {
  const groups = Map.groupBy(nodes, (node) => node.category || '—')
  return [...groups].sort(([one], [other]) => one.localeCompare(other))
}
