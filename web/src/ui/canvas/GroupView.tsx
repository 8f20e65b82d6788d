/** A frame around nodes: its title moves it with what lies in it, its corner makes it larger. */

import { type NodeProps, NodeResizeControl } from '@xyflow/react'
import { type CSSProperties, memo } from 'react'
import { changeGroup } from '../../core/commands/nodes'
import { say } from '../../state/app'
import { edit } from '../../state/editing'
import { useApp } from '../use'
import type { GroupNode } from './kinds'
import { groupId } from './kinds'
import { Title } from './Title'

export const GroupView = memo(function GroupView({ data, selected }: NodeProps<GroupNode>) {
  const { group } = data
  const app = useApp()
  const { id, box, color, title, pinned } = group
  return (
    <div
      className="group"
      data-selected={selected || undefined}
      data-tinted={color !== null || undefined}
      style={{ height: box.height, ...(color ? { '--tint': color } : {}) } as CSSProperties}
    >
      <header className="group-header">
        <Title
          id={groupId(id)}
          title={title}
          className="group-title"
          rename={(next) =>
            edit(app, say(app, 'command.edit.rename'), (place) => changeGroup(place, id, { title: next }))
          }
        />
      </header>
      {!pinned && (
        <NodeResizeControl
          position="bottom-right"
          className="resizer nodrag"
          minWidth={120}
          minHeight={80}
          onResize={(_, { width, height }) =>
            edit(
              app,
              say(app, 'edit.resize'),
              (place) => changeGroup(place, id, { box: { ...box, width, height } }),
              `resize:${groupId(id)}`,
            )
          }
        />
      )}
    </div>
  )
})
