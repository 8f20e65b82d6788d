/** How components read stores. */

import { createContext, useCallback, useContext, useMemo, useSyncExternalStore } from 'react'
import { type Translate, translator } from '../i18n'
import type { App } from '../state/app'
import { key } from '../state/run'
import type { KeyedStore, Store } from '../state/store'
import { activeTab, executionId, type Tab } from '../state/tabs'

export const AppContext = createContext<App | null>(null)

export function useApp(): App {
  const app = useContext(AppContext)
  if (app === null) throw new Error('a component stands outside of the app')
  return app
}

export function useStore<T>(store: Store<T>): T {
  return useSyncExternalStore(store.subscribe, store.get)
}

/** Draws anew only when what is picked changes; picking must give the same value for the same state. */
export function usePicked<T, P>(store: Store<T>, pick: (value: T) => P): P {
  return useSyncExternalStore(store.subscribe, () => pick(store.get()))
}

export function useKeyed<T>(store: KeyedStore<T>, at: string): T | undefined {
  const subscribe = useCallback((listener: () => void) => store.subscribe(at, listener), [store, at])
  return useSyncExternalStore(subscribe, () => store.get(at))
}

/** The sentences of the editor's language. */
export function useT(): Translate {
  const language = useStore(useApp().language)
  return useMemo(() => translator(language), [language])
}

export function useActiveTab(): Tab | undefined {
  return usePicked(useApp().tabs, activeTab)
}

/** The key of a node of the workflow that is looked at, in the stores of a run. */
export function useNodeKey(node: string): string {
  return usePicked(useApp().tabs, (tabs) => key(tabs.active, executionId(activeTab(tabs)?.path ?? [], node)))
}
