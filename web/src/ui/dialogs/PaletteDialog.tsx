/** Every command, found by its name. */

import { keysOf } from '../commands/bound'
import { COMMANDS, commandOf, perform } from '../commands/table'
import { found } from '../find'
import { Keys } from '../frame/CommandMenu'
import { PickList } from '../PickList'
import { useApp, useT } from '../use'
import { Modal } from './Modal'
import type { DialogProps } from './props'

export function PaletteDialog({ close }: DialogProps<'palette'>) {
  const app = useApp()
  const t = useT()
  const find = (query: string) => {
    const possible = COMMANDS.filter((command) => command.enabled?.(app) !== false)
    return found(query, possible, (one) => `${t(one.title)} ${t(`group.${one.group}`)}`).map((one) => ({
      id: one.id,
      label: t(one.title),
      detail: <Keys keys={keysOf(one, app.settings.get())[0]} />,
    }))
  }
  return (
    <Modal title={t('palette.title')} close={close} className="top" bare>
      <PickList
        label={t('palette.title')}
        placeholder={t('palette.placeholder')}
        empty={t('palette.none')}
        find={find}
        pick={(id) => {
          close()
          perform(app, commandOf(id))
        }}
      />
    </Modal>
  )
}
