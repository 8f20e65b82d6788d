/** All nodes that the server has, by category: to click, to drag onto the canvas, to read about. */

import { useMemo, useState } from 'react'
import type { NodeDefinition } from '../../core/definitions'
import { search, searchIndex } from '../../core/search'
import { addHere } from '../adding'
import { colourOf } from '../canvas/colours'
import { dragNode } from '../dragging'
import { Icon } from '../Icon'
import { useApp, usePicked, useStore, useT } from '../use'
import { type Category, categoriesOf } from './categories'
import { NodeHelp } from './NodeHelp'

export function NodesPanel() {
  const app = useApp()
  const t = useT()
  const definitions = useStore(app.definitions)
  const favourites = usePicked(app.settings, (settings) => settings.favourites)
  const [query, setQuery] = useState('')
  const index = useMemo(() => searchIndex(definitions), [definitions])
  const found = useMemo(
    () => search(index, query, undefined, index.length).map((hit) => hit.definition),
    [index, query],
  )
  const tree = useMemo(() => categoriesOf(found), [found])
  const kept = favourites.flatMap((type) => definitions.get(type) ?? [])
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
        {query !== '' ? (
          <NodeRows nodes={found.slice(0, 100)} />
        ) : (
          <>
            {kept.length > 0 && (
              <details className="tree" open>
                <summary>
                  {t('nodes.favourites')} <span className="count">{kept.length}</span>
                </summary>
                <NodeRows nodes={kept} />
              </details>
            )}
            {tree.inside.map((one) => (
              <CategoryView key={one.name} category={one} />
            ))}
            <NodeRows nodes={tree.nodes} />
          </>
        )}
        {found.length === 0 && <p className="muted">{t('panel.nodes.none')}</p>}
      </div>
    </>
  )
}

function CategoryView({ category }: { readonly category: Category }) {
  const [open, setOpen] = useState(false)
  return (
    <details className="tree" open={open} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        {category.name} <span className="count">{category.count}</span>
      </summary>
      {open && (
        <div className="tree-inside">
          {category.inside.map((one) => (
            <CategoryView key={one.name} category={one} />
          ))}
          <NodeRows nodes={category.nodes} />
        </div>
      )}
    </details>
  )
}

function NodeRows({ nodes }: { readonly nodes: readonly NodeDefinition[] }) {
  if (nodes.length === 0) return null
  return (
    <ul>
      {nodes.map((node) => (
        <NodeRow key={node.type} node={node} />
      ))}
    </ul>
  )
}

function NodeRow({ node }: { readonly node: NodeDefinition }) {
  const app = useApp()
  const t = useT()
  const starred = usePicked(app.settings, ({ favourites }) => favourites.includes(node.type))
  const [helped, setHelped] = useState(false)
  const { type, title } = node
  const star = () =>
    app.settings.update((old) => ({
      ...old,
      favourites: starred ? old.favourites.filter((one) => one !== type) : [...old.favourites, type],
    }))
  return (
    <li>
      <div className="row-item">
        <button
          type="button"
          className="tree-item"
          title={node.description}
          draggable
          onDragStart={(event) => dragNode(event, type)}
          onClick={() => addHere(app, type)}
        >
          <span
            className="row-dot"
            aria-hidden="true"
            style={{ background: colourOf(node.outputs[0]?.type ?? '*') }}
          />
          <span className="row-name">{title}</span>
        </button>
        <button
          type="button"
          className="row-action"
          data-on={starred || undefined}
          aria-pressed={starred}
          aria-label={t('nodes.favourite', { title })}
          title={t(starred ? 'nodes.favourite.remove' : 'nodes.favourite.add')}
          onClick={star}
        >
          <Icon name="star" />
        </button>
        <button
          type="button"
          className="row-action"
          data-on={helped || undefined}
          aria-expanded={helped}
          aria-label={t('nodes.about', { title })}
          title={t('nodes.help')}
          onClick={() => setHelped(!helped)}
        >
          <Icon name="help" />
        </button>
      </div>
      {helped && <NodeHelp node={node} />}
    </li>
  )
}
