/** All keys. */

import { keysOf } from '../commands/bound'
import { COMMANDS, GROUPS } from '../commands/table'
import { Keys } from '../frame/CommandMenu'
import { useApp, useStore, useT } from '../use'
import { Modal } from './Modal'
import type { DialogProps } from './props'

export function HelpDialog({ close }: DialogProps<'help'>) {
  const t = useT()
  const settings = useStore(useApp().settings)
  return (
    <Modal title={t('help.title')} close={close} className="wide">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what is scrolled must be reached by keyboard */}
      <section className="help" aria-label={t('help.title')} tabIndex={0}>
        {GROUPS.map((group) => (
          <section key={group}>
            <h3>{t(`group.${group}`)}</h3>
            <dl>
              {COMMANDS.filter((command) => command.group === group).map((command) => (
                <div key={command.id} className="help-row">
                  <dt>{t(command.title)}</dt>
                  <dd>
                    {keysOf(command, settings).map((keys) => (
                      <Keys key={keys} keys={keys} />
                    ))}
                  </dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </section>
    </Modal>
  )
}
