/** A node on the canvas. Far away it is a header and its ports; near, its fields and what it shows. */

import { Handle, type NodeProps, Position, useConnection, useStore as useFlow } from '@xyflow/react'
import { type CSSProperties, memo } from 'react'
import { type GraphNode, MODE } from '../../core/document'
import { useApp, useKeyed, useNodeKey, useT } from '../use'
import { colourOf } from './colours'
import { FieldRow } from './FieldRow'
import type { FlowNode } from './flow'
import { fieldHandle, inputHandle, type PortPlace } from './geometry'
import { NodeOutputs } from './NodeOutputs'
import { NodeStatus } from './NodeStatus'
import { dragging, fits } from './ports'

/** The zoom below which a node is drawn without its fields. */
export const FAR = 0.4

export const NodeView = memo(function NodeView({ id, data, selected }: NodeProps<FlowNode>) {
  const { node, layout, title, known } = data
  const t = useT()
  const app = useApp()
  const at = useNodeKey(id)
  const far = useFlow((flow) => flow.transform[2] < FAR)
  const state = useKeyed(app.run.state, at)
  const problems = useKeyed(app.run.problems, at)
  const from = useConnection(dragging)
  const wrong = problems !== undefined && problems.length > 0
  const style = {
    minHeight: layout.height,
    ...(node.bgcolor ? { '--tint': node.bgcolor } : {}),
  } as CSSProperties

  return (
    <div
      className="node"
      style={style}
      data-selected={selected || undefined}
      data-state={wrong ? 'failed' : state}
      data-mode={modeOf(node)}
      data-far={far || undefined}
      data-unknown={!known || undefined}
      data-tinted={node.bgcolor ? true : undefined}
    >
      <header className="node-header">
        <span className="node-title">{title}</span>
        {node.mode === MODE.muted && <span className="tag">{t('node.muted')}</span>}
        {node.mode === MODE.bypassed && <span className="tag">{t('node.bypassed')}</span>}
        <NodeStatus id={id} title={title} />
      </header>
      {layout.inputs.map((port) => (
        <InputPort key={port.handle} port={port} from={from} shown={!far && !node.collapsed} />
      ))}
      {layout.outputs.map((port) => (
        <OutputPort key={port.handle} port={port} from={from} shown={!far && !node.collapsed} />
      ))}
      {layout.fields.map((place) => {
        const { name, input } = place.shown.field
        const handle = place.slot === null ? fieldHandle(name) : inputHandle(place.slot)
        const y = place.height === 0 ? layout.height / 2 : place.y + 14
        const port: PortPlace = { handle, name, type: input?.type ?? '*', y }
        return (
          <InputPort
            key={handle}
            port={port}
            from={from}
            shown={false}
            quiet={!place.linked}
            folded={node.collapsed}
          />
        )
      })}
      {!far && !node.collapsed && (
        <>
          {layout.fields.map((place) => (
            <FieldRow
              key={`${place.shown.field.holder}/${place.shown.field.name}`}
              node={node}
              place={place}
            />
          ))}
          {!known && <p className="node-note">{t('node.unknown', { type: node.type })}</p>}
        </>
      )}
      {!node.collapsed && <NodeOutputs id={id} title={title} top={layout.height} far={far} />}
    </div>
  )
})

function modeOf(node: GraphNode): string | undefined {
  if (node.mode === MODE.muted) return 'muted'
  return node.mode === MODE.bypassed ? 'bypassed' : undefined
}

interface PortProps {
  readonly port: PortPlace
  /** What a link is being dragged from. */
  readonly from: string
  /** Whether its name is written beside it. */
  readonly shown: boolean
}

function InputPort({
  port,
  from,
  shown,
  quiet,
  folded,
}: PortProps & { readonly quiet?: boolean; readonly folded?: boolean }) {
  const t = useT()
  return (
    <>
      <Handle
        type="target"
        position={Position.Left}
        id={port.handle}
        className="port"
        role="img"
        data-quiet={quiet || folded || undefined}
        data-dim={(from !== '' && !fits(from, 'input', port.type)) || undefined}
        style={portStyle(port)}
        aria-label={t('node.input', { name: port.name, type: port.type })}
      />
      {shown && (
        <span className="port-name" style={{ top: port.y }}>
          {port.name}
        </span>
      )}
    </>
  )
}

function OutputPort({ port, from, shown }: PortProps) {
  const t = useT()
  return (
    <>
      <Handle
        type="source"
        position={Position.Right}
        id={port.handle}
        className="port"
        role="img"
        data-dim={(from !== '' && !fits(from, 'output', port.type)) || undefined}
        style={portStyle(port)}
        aria-label={t('node.output', { name: port.name || port.type, type: port.type })}
      />
      {shown && (
        <span className="port-name port-name-out" style={{ top: port.y }}>
          {port.name || port.type}
        </span>
      )}
    </>
  )
}

const portStyle = ({ y, type }: PortPlace): CSSProperties =>
  ({ top: y, '--port': colourOf(type) }) as CSSProperties
