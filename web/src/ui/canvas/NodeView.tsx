/** A node on the canvas. Far away it is a header and its ports; near, its fields and what it shows. */

import type { NodeProps } from '@xyflow/react'
import { type CSSProperties, memo } from 'react'
import { setTitle } from '../../core/commands/nodes'
import { type GraphNode, MODE } from '../../core/document'
import { say } from '../../state/app'
import { edit } from '../../state/editing'
import { Boundary } from '../Boundary'
import { Icon } from '../Icon'
import { lookInto } from '../jumping'
import { useApp, useKeyed, useNodeKey, useT } from '../use'
import { FieldRow } from './FieldRow'
import { fieldHandle, HEADER, inputHandle } from './geometry'
import { InnerStatus } from './InnerStatus'
import type { CardNode } from './kinds'
import { NodeOutputs } from './NodeOutputs'
import { NodeStatus } from './NodeStatus'
import { PortView } from './PortView'
import { Resizer } from './Resizer'
import { Title } from './Title'

export const NodeView = memo(function NodeView(props: NodeProps<CardNode>) {
  return (
    <Boundary>
      <CardView {...props} />
    </Boundary>
  )
})

function CardView({ id, data, selected }: NodeProps<CardNode>) {
  const { node, layout, title, known, subgraph, level } = data
  const t = useT()
  const app = useApp()
  const at = useNodeKey(id)
  const state = useKeyed(app.run.state, at)
  const problems = useKeyed(app.run.problems, at)
  const wrong = problems !== undefined && problems.length > 0
  const far = level === 'far'
  const open = !far && !node.collapsed
  // What the server says of it says more.
  const strange = open && !known && !wrong

  return (
    <div
      className="node"
      style={styleOf(node, layout.height)}
      data-selected={selected || undefined}
      data-state={wrong ? 'failed' : state}
      data-mode={modeOf(node)}
      data-far={far || undefined}
      data-folded={node.collapsed || undefined}
      data-unknown={!known || undefined}
      data-tinted={node.bgcolor ? true : undefined}
      data-subgraph={subgraph || undefined}
    >
      <header className="node-header" style={node.color ? ({ '--head': node.color } as CSSProperties) : {}}>
        <Title
          id={id}
          title={title}
          className="node-title"
          rename={(next) => edit(app, say(app, 'command.edit.rename'), (place) => setTitle(place, id, next))}
        />
        {node.mode === MODE.muted && <span className="tag">{t('node.muted')}</span>}
        {node.mode === MODE.bypassed && <span className="tag">{t('node.bypassed')}</span>}
        {node.pinned && (
          <span className="node-mark" role="img" aria-label={t('node.pinned')} title={t('node.pinned')}>
            <Icon name="pin" />
          </span>
        )}
        <NodeStatus id={id} title={title} />
        {subgraph && <InnerStatus id={id} />}
        {subgraph && !far && (
          <button
            type="button"
            className="node-enter nodrag"
            aria-label={t('subgraph.enter', { title })}
            title={t('subgraph.enter', { title })}
            onClick={() => lookInto(app, id)}
          >
            <Icon name="enter" />
          </button>
        )}
      </header>
      {layout.inputs.map((port) => (
        <PortView key={port.handle} side="input" port={port} named={open} />
      ))}
      {layout.outputs.map((port) => (
        <PortView key={port.handle} side="output" port={port} named={open} />
      ))}
      {layout.fields.map((place) => {
        const { name, input } = place.shown.field
        const handle = place.slot === null ? fieldHandle(name) : inputHandle(place.slot)
        const y = place.height === 0 ? layout.height / 2 : place.y + 14
        const port = { handle, name, type: input?.type ?? '*', y }
        const quiet = !place.linked || node.collapsed
        return <PortView key={handle} side="input" port={port} named={false} quiet={quiet} />
      })}
      {open &&
        layout.fields.map((place) => (
          <FieldRow key={`${place.shown.field.holder}/${place.shown.field.name}`} node={node} place={place} />
        ))}
      {strange && (
        <p className="node-note" style={{ marginTop: layout.height - HEADER }}>
          {t('node.unknown', { type: node.type })}
        </p>
      )}
      {!node.collapsed && (
        <NodeOutputs
          id={id}
          title={title}
          top={strange ? HEADER : layout.height}
          room={layout.room}
          far={far}
        />
      )}
      {open && !node.pinned && <Resizer id={id} />}
    </div>
  )
}

export function styleOf(node: GraphNode, height: number): CSSProperties {
  return { minHeight: height, ...(node.bgcolor ? { '--tint': node.bgcolor } : {}) } as CSSProperties
}

export function modeOf(node: GraphNode): string | undefined {
  if (node.mode === MODE.muted) return 'muted'
  return node.mode === MODE.bypassed ? 'bypassed' : undefined
}
