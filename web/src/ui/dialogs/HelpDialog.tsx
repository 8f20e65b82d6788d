/** All keys. */

import { COMMANDS, type GroupId } from '../commands/table'
import { Keys } from '../frame/CommandMenu'
import { useT } from '../use'
import { Modal } from './Modal'
import type { DialogProps } from './table'

const GROUPS: readonly GroupId[] = ['run', 'edit', 'file', 'view', 'help']

export function HelpDialog({ close }: DialogProps<'help'>) {
  const t = useT()
  return (
    <Modal title={t('help.title')} close={close} className="wide">
      <div className="help">
        {GROUPS.map((group) => (
          <section key={group}>
            <h3>{t(`group.${group}`)}</h3>
            <dl>
              {COMMANDS.filter((command) => command.group === group).map((command) => (
                <div key={command.id} className="help-row">
                  <dt>{t(command.title)}</dt>
                  <dd>
                    {command.keys.map((keys) => (
                      <Keys key={keys} keys={keys} />
                    ))}
                  </dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
    </Modal>
  )
}
