/** Adding a node: found by name, type or category. */

import { useMemo } from 'react'
import { search, searchIndex } from '../../core/search'
import { addAt } from '../adding'
import { PickList } from '../PickList'
import { useApp, useStore, useT } from '../use'
import { Modal } from './Modal'
import type { DialogProps } from './table'

export function SearchDialog({ dialog, close }: DialogProps<'search'>) {
  const app = useApp()
  const t = useT()
  const definitions = useStore(app.definitions)
  const index = useMemo(() => searchIndex(definitions), [definitions])
  const find = (query: string) =>
    search(index, query).map(({ definition }) => ({
      id: definition.type,
      label: definition.title,
      detail: definition.category,
    }))
  return (
    <Modal title={t('search.title')} close={close} className="top" bare>
      <PickList
        label={t('search.title')}
        placeholder={t('search.placeholder')}
        empty={t('search.none')}
        find={find}
        pick={(type) => {
          close()
          addAt(app, type, dialog.at)
        }}
      />
    </Modal>
  )
}
