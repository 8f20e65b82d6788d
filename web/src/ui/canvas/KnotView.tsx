/** Reroutes: a node of its own with two ports, and a point that a link is led through. */

import type { NodeProps } from '@xyflow/react'
import { type CSSProperties, memo } from 'react'
import { useT } from '../use'
import { colourOf } from './colours'
import { POINT } from './frames'
import { outputHandle } from './geometry'
import type { CardNode, PointNode } from './kinds'
import { modeOf, styleOf } from './NodeView'
import { PortView } from './PortView'

export const KnotView = memo(function KnotView({ data, selected }: NodeProps<CardNode>) {
  const { node, layout, level } = data
  return (
    <div
      className="node knot"
      style={styleOf(node, layout.height)}
      data-selected={selected || undefined}
      data-mode={modeOf(node)}
    >
      {level !== 'boxes' && (
        <>
          {layout.inputs.map((port) => (
            <PortView key={port.handle} side="input" port={port} named={false} />
          ))}
          {layout.outputs.map((port) => (
            <PortView key={port.handle} side="output" port={port} named={false} />
          ))}
        </>
      )}
    </div>
  )
})

export const PointView = memo(function PointView({ data, selected }: NodeProps<PointNode>) {
  const t = useT()
  const { type } = data
  const port = { handle: outputHandle(0), name: t('reroute.branch'), type, y: POINT / 2 }
  return (
    <div
      className="point"
      data-selected={selected || undefined}
      style={{ '--port': colourOf(type) } as CSSProperties}
    >
      <PortView side="output" port={port} named={false} quiet />
    </div>
  )
})
