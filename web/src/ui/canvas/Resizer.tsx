/** The corner by which a node is made wider or taller. */

import { NodeResizeControl } from '@xyflow/react'
import { resize } from '../../core/commands/nodes'
import { say } from '../../state/app'
import { edit } from '../../state/editing'
import { useApp } from '../use'
import { HEADER, LEAST_WIDTH } from './geometry'

export function Resizer({ id }: { readonly id: string }) {
  const app = useApp()
  return (
    <NodeResizeControl
      position="bottom-right"
      className="resizer nodrag"
      minWidth={LEAST_WIDTH}
      minHeight={60}
      onResize={(_, { width, height }) => {
        const size = { width: Math.round(width), height: Math.round(height) - HEADER }
        edit(app, say(app, 'edit.resize'), (place) => resize(place, id, size), `resize:${id}`)
      }}
    />
  )
}
