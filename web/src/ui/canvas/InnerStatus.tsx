/** What runs inside of a subgraph, shown at its instance: the nodes in it are seen only by who looks into it. */

import { useCallback, useSyncExternalStore } from 'react'
import { useApp, useNodeKey } from '../use'

export function InnerStatus({ id }: { readonly id: string }) {
  const { state } = useApp().run
  const prefix = `${useNodeKey(id)}:`
  const told = useCallback(() => {
    const inner = state.keys().filter((at) => at.startsWith(prefix))
    return inner.some((at) => state.get(at) === 'running') ? 'running' : ''
  }, [state, prefix])
  const running = useSyncExternalStore(state.subscribeAll, told) !== ''
  return running ? <span className="spinner" aria-hidden="true" /> : null
}
