/** The bar above all: what is open, and running it. */

import { unfinished } from '../../state/jobs'
import { isDirty, type Tab } from '../../state/tabs'
import { closeTab, commandOf, perform } from '../commands/table'
import { Icon } from '../Icon'
import { useApp, usePicked, useStore, useT } from '../use'
import { CommandMenu } from './CommandMenu'
import { RunControls, RunProgress } from './RunControls'

export function TopBar() {
  const t = useT()
  return (
    <header className="topbar">
      <h1 className="sr-only">{t('app.name')}</h1>
      <CommandMenu />
      <Tabs />
      <RunControls />
      <RunProgress />
    </header>
  )
}

function Tabs() {
  const app = useApp()
  const t = useT()
  const tabs = useStore(app.tabs)
  return (
    <div className="tabs">
      <nav className="tabs-scroll" aria-label={t('tabs.label')}>
        {tabs.open.map((tab) => (
          <TabView key={tab.id} tab={tab} active={tab.id === tabs.active} />
        ))}
      </nav>
      <button
        type="button"
        className="button quiet square"
        aria-label={t('tabs.new')}
        title={t('tabs.new')}
        onClick={() => perform(app, commandOf('file.new'))}
      >
        <Icon name="add" />
      </button>
    </div>
  )
}

function TabView({ tab, active }: { readonly tab: Tab; readonly active: boolean }) {
  const app = useApp()
  const t = useT()
  const name = tab.name ?? t('tabs.untitled')
  const running = usePicked(app.jobs, (jobs) => unfinished(jobs).some((job) => job.tab === tab.id))
  return (
    <div
      className="tab"
      data-active={active || undefined}
      onAuxClick={(event) => {
        if (event.button === 1) void closeTab(app, tab.id)
      }}
    >
      <button
        type="button"
        aria-current={active ? 'page' : undefined}
        className="tab-name"
        onClick={() => app.tabs.update((tabs) => ({ ...tabs, active: tab.id }))}
      >
        {running && <span className="spinner" aria-hidden="true" />}
        {name}
        {isDirty(tab) && (
          <span className="tab-dirty" role="img" aria-label={t('tabs.unsaved')} title={t('tabs.unsaved')} />
        )}
      </button>
      <button
        type="button"
        className="tab-close"
        aria-label={t('tabs.close', { name })}
        title={t('tabs.close', { name })}
        onClick={() => closeTab(app, tab.id)}
      >
        <Icon name="close" />
      </button>
    </div>
  )
}
