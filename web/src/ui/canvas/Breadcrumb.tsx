/** The way into the subgraph that is looked at, and out of it again. */

import { renameSubgraph } from '../../core/commands/subgraphs'
import { nodeOf } from '../../core/document'
import { titleOf } from '../../core/widgets'
import { say } from '../../state/app'
import { edit } from '../../state/editing'
import { graphAt, type Tab } from '../../state/tabs'
import { lookOut } from '../jumping'
import { useApp, useStore, useT } from '../use'
import { Title } from './Title'

export function Breadcrumb({ tab }: { readonly tab: Tab }) {
  const app = useApp()
  const t = useT()
  const definitions = useStore(app.definitions)
  if (tab.path.length === 0) return null
  const { document } = tab.edited
  const steps = tab.path.map((step, at) => {
    const around = graphAt(document, tab.path.slice(0, at)) ?? ''
    const graph = around === '' ? document.root : document.subgraphs.get(around)
    const node = graph?.nodes.has(step.node) ? nodeOf(graph, step.node) : undefined
    const way = tab.path.slice(0, at + 1).map((one) => one.node)
    return { way: way.join(':'), title: node === undefined ? '' : titleOf(document, definitions, node) }
  })
  return (
    <nav className="breadcrumb" aria-label={t('subgraph.way')}>
      <ol>
        <li>
          <button type="button" onClick={() => lookOut(app, 0)}>
            {tab.name ?? t('tabs.untitled')}
          </button>
        </li>
        {steps.map(({ way, title }, at) => (
          <li key={way}>
            {at < steps.length - 1 ? (
              <button type="button" onClick={() => lookOut(app, at + 1)}>
                {title}
              </button>
            ) : (
              <Title
                id="graph"
                title={document.subgraphs.get(tab.graph)?.name ?? title}
                className="breadcrumb-here"
                rename={(name) =>
                  name !== '' &&
                  edit(app, say(app, 'command.subgraph.rename'), (place) =>
                    renameSubgraph(place.document, place.graph, name),
                  )
                }
              />
            )}
          </li>
        ))}
      </ol>
      <button type="button" className="button quiet" onClick={() => lookOut(app)}>
        {t('command.subgraph.leave')}
      </button>
    </nav>
  )
}
