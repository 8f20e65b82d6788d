/** What is open below the canvas, with tabs for the others. Which there are is in `docks/list.ts`. */

import type { KeyboardEvent, PointerEvent } from 'react'
import { DOCKS, toggleDock } from '../docks/list'
import { DOCK_VIEWS } from '../docks/table'
import { Icon } from '../Icon'
import { useApp, useStore, useT } from '../use'

const [LEAST, MOST] = [120, 720]

export function Dock() {
  const app = useApp()
  const t = useT()
  const { dock, dockHeight } = useStore(app.settings)
  const open = DOCKS.find((one) => one.id === dock)
  if (open === undefined) return null
  const View = DOCK_VIEWS[open.id]

  function resize(height: number): void {
    const next = Math.min(MOST, window.innerHeight - 200, Math.max(LEAST, Math.round(height)))
    app.settings.update((old) => ({ ...old, dockHeight: next }))
  }
  function onDrag(event: PointerEvent<HTMLElement>): void {
    if (!event.currentTarget.hasPointerCapture(event.pointerId)) return
    const bottom = event.currentTarget.parentElement?.getBoundingClientRect().bottom ?? 0
    resize(bottom - event.clientY)
  }
  function onKeyDown(event: KeyboardEvent): void {
    const step = { ArrowUp: 20, ArrowDown: -20 }[event.key]
    if (step === undefined) return
    resize(dockHeight + step)
    event.preventDefault()
  }
  return (
    <section className="dock" aria-label={t('dock.label')} style={{ height: dockHeight }}>
      {/* biome-ignore lint/a11y/useSemanticElements: a rule can't be moved */}
      <div
        className="dock-edge"
        role="separator"
        aria-orientation="horizontal"
        aria-label={t('dock.label')}
        aria-valuenow={dockHeight}
        aria-valuemin={LEAST}
        aria-valuemax={MOST}
        tabIndex={0}
        onPointerDown={(event) => event.currentTarget.setPointerCapture(event.pointerId)}
        onPointerMove={onDrag}
        onKeyDown={onKeyDown}
      />
      <header className="dock-header">
        {DOCKS.map((one) => (
          <button
            key={one.id}
            type="button"
            className="dock-tab"
            aria-pressed={one.id === open.id}
            onClick={() => app.settings.update((old) => ({ ...old, dock: one.id }))}
          >
            {t(one.title)}
          </button>
        ))}
        <span className="status-space" />
        <button
          type="button"
          className="button quiet square"
          aria-label={t('dock.close')}
          title={t('dock.close')}
          onClick={() => toggleDock(app, open.id)}
        >
          <Icon name="close" />
        </button>
      </header>
      <div className="dock-body">
        <View />
      </div>
    </section>
  )
}
