/** Adding a node: found by name, type or category. */

import { useMemo } from 'react'
import { search, searchIndex } from '../../core/search'
import { addLinked, subgraphTypes } from '../adding'
import { PickList } from '../PickList'
import { useApp, useStore, useT } from '../use'
import { Modal } from './Modal'
import type { DialogProps } from './props'

export function SearchDialog({ dialog, close }: DialogProps<'search'>) {
  const app = useApp()
  const t = useT()
  const definitions = useStore(app.definitions)
  const { from } = dialog
  const index = useMemo(
    () => searchIndex(new Map([...definitions, ...subgraphTypes(app)])),
    [app, definitions],
  )
  const find = (query: string) =>
    search(index, query, from).map(({ definition }) => ({
      id: definition.type,
      label: definition.title,
      detail: definition.category,
    }))
  const title = from === undefined ? t('search.title') : t('search.fitting', { type: from.type })
  return (
    <Modal
      title={from === undefined ? t('search.title') : t('search.fitting', { type: from.type })}
      close={close}
      className="top"
      bare
    >
      <PickList
        label={title}
        placeholder={t('search.placeholder')}
        empty={t('search.none')}
        find={find}
        pick={(type) => {
          close()
          addLinked(app, type, dialog.at, from)
        }}
      />
    </Modal>
  )
}
