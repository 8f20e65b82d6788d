/** The menu of what the mouse is at. One entry has the focus; arrows, Home, End and first letters move it. */

import {
  type CSSProperties,
  type KeyboardEvent,
  type ReactNode,
  useEffect,
  useLayoutEffect,
  useRef,
} from 'react'
import { createPortal } from 'react-dom'
import { hideOutput } from '../../core/commands/borders'
import { changeGroup, setColor } from '../../core/commands/nodes'
import { hideInput } from '../../core/commands/subgraphs'
import type { MessageKey } from '../../i18n'
import { type MenuAt, say } from '../../state/app'
import { edit, placeOf } from '../../state/editing'
import { keysOf } from '../commands/bound'
import { chosen } from '../commands/chosen'
import { commandOf, perform } from '../commands/table'
import { Keys } from '../frame/CommandMenu'
import { layerOf } from '../layer'
import { useApp, useStore, useT } from '../use'
import { FieldEntries } from './FieldEntries'
import { COLOURS, MENUS } from './menus'

export function ContextMenu() {
  const menu = useStore(useApp().menu)
  return menu === null ? null : createPortal(<Opened key={`${menu.x},${menu.y}`} menu={menu} />, layerOf())
}

const RIM = 8

function Opened({ menu }: { readonly menu: MenuAt }) {
  const app = useApp()
  const t = useT()
  const box = useRef<HTMLDivElement>(null)
  const before = useRef<Element | null>(null)

  useLayoutEffect(() => {
    const element = box.current
    if (element === null) return
    before.current = document.activeElement
    element.showPopover()
    const { offsetWidth: width, offsetHeight: height } = element
    element.style.left = `${Math.max(RIM, Math.min(menu.x, innerWidth - width - RIM))}px`
    element.style.top = `${Math.max(RIM, Math.min(menu.y, innerHeight - height - RIM))}px`
    entriesOf(element)[0]?.focus()
  }, [menu])
  useEffect(() => {
    // Not by the browser: it would close with the end of the very click that opened it.
    const outside = (event: Event) => {
      if (!box.current?.contains(event.target as Node | null)) app.menu.set(null)
    }
    window.addEventListener('pointerdown', outside, true)
    window.addEventListener('wheel', outside, { capture: true, passive: true })
    window.addEventListener('blur', outside)
    return () => {
      window.removeEventListener('pointerdown', outside, true)
      window.removeEventListener('wheel', outside, { capture: true })
      window.removeEventListener('blur', outside)
    }
  }, [app])

  function close(): void {
    if (before.current instanceof HTMLElement) before.current.focus({ preventScroll: true })
    app.menu.set(null)
  }
  /** What is done may ask where the menu was. */
  function act(run: () => void): void {
    if (before.current instanceof HTMLElement) before.current.focus({ preventScroll: true })
    run()
    app.menu.set(null)
  }
  function onKeyDown(event: KeyboardEvent<HTMLDivElement>): void {
    event.stopPropagation()
    const entries = entriesOf(event.currentTarget)
    const at = entries.indexOf(document.activeElement as HTMLElement)
    const target = moved(event.key, entries, at)
    if (event.key === 'Escape' || event.key === 'Tab') close()
    else if (target === undefined) return
    else target.focus()
    event.preventDefault()
  }
  const entries = MENUS[menu.about].map((entry, at): ReactNode => {
    // biome-ignore lint/suspicious/noArrayIndexKey: the entries of a menu stay in their order
    if (entry === 'line') return <hr key={at} className="menu-line" />
    if (entry === 'colours') return <Colours key={entry} act={act} group={menu.about === 'group'} />
    if (entry === 'borders') return <Borders key={entry} act={act} />
    const command = commandOf(entry)
    if (command.enabled?.(app) === false) return null
    const why = command.whyNot?.(app) ?? null
    return (
      <button
        key={entry}
        type="button"
        role="menuitem"
        tabIndex={-1}
        className="menu-item"
        aria-disabled={why !== null || undefined}
        onPointerEnter={(event) => event.currentTarget.focus({ preventScroll: true })}
        onClick={() => why === null && act(() => perform(app, command))}
      >
        {t(command.title)}
        {why !== null && <span className="menu-why">{t(why)}</span>}
        <Keys keys={keysOf(command, app.settings.get())[0]} />
      </button>
    )
  })
  return (
    <div
      className="popup menu context-menu"
      popover="manual"
      role="menu"
      aria-label={t('menu.label')}
      tabIndex={-1}
      ref={box}
      onKeyDown={onKeyDown}
      onContextMenu={(event) => event.preventDefault()}
    >
      {menu.field !== undefined && <FieldEntries at={menu.field} act={act} />}
      {entries}
    </div>
  )
}

function entriesOf(menu: Element): readonly HTMLElement[] {
  return [...menu.querySelectorAll<HTMLElement>('[role^="menuitem"]')]
}

function moved(key: string, entries: readonly HTMLElement[], at: number): HTMLElement | undefined {
  if (key === 'ArrowDown' || key === 'ArrowRight') return entries[(at + 1) % entries.length]
  if (key === 'ArrowUp' || key === 'ArrowLeft') return entries.at(at <= 0 ? -1 : at - 1)
  if (key === 'Home') return entries[0]
  if (key === 'End') return entries.at(-1)
  if (key.length !== 1 || key === ' ') return undefined
  const begins = (one: HTMLElement) => one.textContent?.toLowerCase().startsWith(key.toLowerCase())
  return [...entries.slice(at + 1), ...entries.slice(0, at + 1)].find(begins)
}

type Act = (run: () => void) => void

/** Colours for the chosen nodes or groups. */
function Colours({ act, group }: { readonly act: Act; readonly group: boolean }) {
  const app = useApp()
  const t = useT()
  function paint(color: string | null, bgcolor: string | null): void {
    edit(app, say(app, 'menu.colour'), (place) => {
      const { nodes, groups } = chosen(app)
      if (!group) return setColor(place, nodes, color, bgcolor)
      return [...groups].flatMap((id) => changeGroup(place, id, { color: bgcolor }))
    })
  }
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is no part of a menu
    <div className="menu-colours" role="group" aria-label={t('menu.colour')}>
      <button
        type="button"
        role="menuitem"
        tabIndex={-1}
        className="swatch"
        aria-label={t('colour.none')}
        title={t('colour.none')}
        onClick={() => act(() => paint(null, null))}
      />
      {Object.entries(COLOURS).map(([name, [color, bgcolor]]) => (
        <button
          key={name}
          type="button"
          role="menuitem"
          tabIndex={-1}
          className="swatch"
          style={{ '--tint': bgcolor } as CSSProperties}
          aria-label={t(`colour.${name}` as MessageKey)}
          title={t(`colour.${name}` as MessageKey)}
          onClick={() => act(() => paint(color, bgcolor))}
        />
      ))}
    </div>
  )
}

/** The ports of the subgraph that is looked at, to be taken away. */
function Borders({ act }: { readonly act: Act }) {
  const app = useApp()
  const t = useT()
  const place = placeOf(app)
  const subgraph = place?.document.subgraphs.get(place.graph)
  if (subgraph === undefined) return null
  const entry = (name: string, input: boolean) => (
    <button
      key={`${input}/${name}`}
      type="button"
      role="menuitem"
      tabIndex={-1}
      className="menu-item"
      onClick={() =>
        act(() =>
          edit(app, say(app, 'edit.disconnect'), (at) =>
            input ? hideInput(at, name) : hideOutput(at, name),
          ),
        )
      }
    >
      {t(input ? 'subgraph.hideInput' : 'subgraph.hideOutput', { name })}
    </button>
  )
  return (
    <>
      {subgraph.inputs.map((one) => entry(one.name, true))}
      {subgraph.outputs.map((one) => entry(one.name, false))}
    </>
  )
}
