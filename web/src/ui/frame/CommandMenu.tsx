/** The menu: every command, by group. */

import { useRef, useState } from 'react'
import { keysOf } from '../commands/bound'
import { readable } from '../commands/keys'
import { COMMANDS, GROUPS, perform } from '../commands/table'
import { Popup } from '../Popup'
import { useApp, useT } from '../use'

export const MAC = /Mac|iPhone|iPad/.test(navigator.userAgent)

export function CommandMenu() {
  const app = useApp()
  const t = useT()
  const [open, setOpen] = useState(false)
  const button = useRef<HTMLButtonElement>(null)
  return (
    <>
      <button
        type="button"
        className="brand"
        ref={button}
        aria-haspopup="menu"
        aria-expanded={open}
        onClick={() => setOpen(true)}
      >
        <Mark />
        {t('app.name')}
      </button>
      {open && (
        <Popup anchor={button} close={() => setOpen(false)} className="menu">
          <div role="menu" aria-label={t('palette.title')}>
            {GROUPS.map((group) => (
              // biome-ignore lint/a11y/useSemanticElements: a fieldset is no part of a menu
              <div key={group} role="group" aria-label={t(`group.${group}`)} className="menu-group">
                {COMMANDS.filter((command) => command.group === group).map((command) => (
                  <button
                    key={command.id}
                    type="button"
                    role="menuitem"
                    className="menu-item"
                    disabled={command.enabled?.(app) === false}
                    onClick={() => {
                      setOpen(false)
                      perform(app, command)
                    }}
                  >
                    {t(command.title)}
                    <Keys keys={keysOf(command, app.settings.get())[0]} />
                  </button>
                ))}
              </div>
            ))}
          </div>
        </Popup>
      )}
    </>
  )
}

export function Keys({ keys }: { readonly keys: string | undefined }) {
  const t = useT()
  if (keys === undefined) return null
  return (
    <span className="keys">
      {readable(keys, MAC, { ctrl: t('key.ctrl'), delete: t('key.delete') }).map((key) => (
        <kbd key={key} className="kbd">
          {key}
        </kbd>
      ))}
    </span>
  )
}

/** Threads on a loom, with a drop of ink where they cross. */
function Mark() {
  return (
    <svg className="mark" viewBox="0 0 20 20" aria-hidden="true">
      <path d="M4 2v16M8 2v16M12 2v16M16 2v16" className="mark-warp" />
      <path d="M2 7c4 0 4 6 8 6s4-6 8-6" className="mark-weft" />
    </svg>
  )
}
