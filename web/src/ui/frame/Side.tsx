/** The rail on the left, and the panel that is open beside it. Which there are is in `panels/table.ts`. */

import { type PointerEvent, Suspense, useId } from 'react'
import { commandOf, perform } from '../commands/table'
import { Icon } from '../Icon'
import { PANELS } from '../panels/table'
import { togglePanel } from '../panels/toggle'
import { useApp, usePicked, useStore, useT } from '../use'

export function Side() {
  const app = useApp()
  const t = useT()
  const open = usePicked(app.settings, (settings) => settings.panel)
  const panel = PANELS.find((one) => one.id === open)
  return (
    <>
      <nav className="rail" aria-label={t('rail.label')}>
        <FaceButton />
        {PANELS.map((one) => (
          <button
            key={one.id}
            type="button"
            className="rail-button"
            aria-pressed={one.id === open}
            data-phone={one.phone || undefined}
            onClick={() => togglePanel(app, one.id)}
          >
            <Icon name={one.icon} />
            <span>{t(one.title)}</span>
          </button>
        ))}
        <span className="rail-space" />
        <button type="button" className="rail-button" onClick={() => app.dialog.set({ id: 'settings' })}>
          <Icon name="gear" />
          <span>{t('rail.settings')}</span>
        </button>
      </nav>
      {panel !== undefined && <PanelView key={panel.id} id={panel.id} />}
    </>
  )
}

/** Between the graph and the form of what is open. */
function FaceButton() {
  const app = useApp()
  const t = useT()
  const form = useStore(app.face) === 'form'
  return (
    <button
      type="button"
      className="rail-button"
      aria-pressed={form}
      data-phone
      onClick={() => perform(app, commandOf('view.form'))}
    >
      <Icon name="form" />
      <span>{t('form.title')}</span>
    </button>
  )
}

function PanelView({ id }: { readonly id: string }) {
  const app = useApp()
  const t = useT()
  const { panelWidth } = useStore(app.settings)
  const heading = useId()
  const panel = PANELS.find((one) => one.id === id)
  if (panel === undefined) return null
  const Content = panel.component

  function onDrag(event: PointerEvent<HTMLDivElement>): void {
    if (!event.currentTarget.hasPointerCapture(event.pointerId)) return
    const { left, right } = event.currentTarget.parentElement?.getBoundingClientRect() ?? new DOMRect()
    const mirrored = document.documentElement.dir === 'rtl'
    const dragged = Math.round(mirrored ? right - event.clientX : event.clientX - left)
    const width = Math.min(640, Math.max(200, dragged))
    app.settings.update((old) => ({ ...old, panelWidth: width }))
  }
  return (
    <section className="panel" aria-labelledby={heading} style={{ width: panelWidth }}>
      <header className="panel-header">
        <h2 id={heading}>{t(panel.title)}</h2>
        <button
          type="button"
          className="button quiet square"
          aria-label={t('panel.close')}
          onClick={() => togglePanel(app, id)}
        >
          <Icon name="close" />
        </button>
      </header>
      <div className="panel-body">
        <Suspense>
          <Content />
        </Suspense>
      </div>
      <div
        className="panel-edge"
        onPointerDown={(event) => event.currentTarget.setPointerCapture(event.pointerId)}
        onPointerMove={onDrag}
      />
    </section>
  )
}
