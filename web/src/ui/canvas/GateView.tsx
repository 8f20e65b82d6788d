/** What a subgraph gets from outside, or gives: its ports seen from the inside, and a free one for one more. */

import { Handle, type NodeProps, Position } from '@xyflow/react'
import { type CSSProperties, memo } from 'react'
import { useT } from '../use'
import { colourOf } from './colours'
import { gateY, NEW } from './frames'
import { inputHandle, outputHandle } from './geometry'
import type { GateNode } from './kinds'
import { PortView } from './PortView'

export const GateView = memo(function GateView({ data }: NodeProps<GateNode>) {
  const { side, title, borders } = data
  const t = useT()
  const entry = side === 'entry'
  const y = gateY(borders.length)
  return (
    <div className="gate" style={{ height: y + 17 }}>
      <header className="gate-header">{title}</header>
      {borders.map((border, at) => (
        <PortView
          key={border.id}
          side={entry ? 'output' : 'input'}
          port={{
            handle: entry ? outputHandle(at) : inputHandle(at),
            name: border.label ?? border.name,
            type: border.type,
            y: gateY(at),
          }}
          named
        />
      ))}
      <Handle
        type={entry ? 'source' : 'target'}
        position={entry ? Position.Right : Position.Left}
        id={`${entry ? 'out' : 'in'}:${NEW}`}
        className="port port-new"
        role="button"
        tabIndex={-1}
        style={{ top: y, '--port': colourOf('*') } as CSSProperties}
        aria-label={t(entry ? 'subgraph.newInput' : 'subgraph.newOutput')}
      />
      <span className={entry ? 'port-name port-name-out' : 'port-name'} style={{ top: y }}>
        {t(entry ? 'subgraph.newInput' : 'subgraph.newOutput')}
      </span>
    </div>
  )
})
