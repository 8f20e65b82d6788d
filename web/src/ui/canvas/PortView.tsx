/** A port of a node: a dot to draw links from and to, by mouse, by two taps, or by the keyboard. */

import { Handle, Position } from '@xyflow/react'
import type { CSSProperties } from 'react'
import { useT } from '../use'
import { colourOf } from './colours'
import type { PortPlace } from './geometry'
import { fits } from './ports'
import { useDrag } from './useScene'

export interface PortProps {
  readonly side: 'input' | 'output'
  readonly port: PortPlace
  /** Whether its name is written beside it. */
  readonly named: boolean
  /** Seen only while the mouse is at the node, or a link is drawn that fits. */
  readonly quiet?: boolean
  readonly linked?: boolean
}

export function PortView({ side, port, named, quiet = false, linked = false }: PortProps) {
  const t = useT()
  const from = useDrag()
  const input = side === 'input'
  const name = port.name || port.type
  const fit = from === '' ? undefined : fits(from, side, port.type)
  const style = { top: port.y, '--port': colourOf(port.type) } as CSSProperties
  return (
    <>
      <Handle
        type={input ? 'target' : 'source'}
        position={input ? Position.Left : Position.Right}
        id={port.handle}
        className="port"
        role="button"
        tabIndex={-1}
        data-quiet={quiet || undefined}
        data-linked={linked || undefined}
        data-fit={fit}
        style={style}
        aria-label={t(input ? 'node.input' : 'node.output', { name, type: port.type })}
      />
      {named && (
        <span
          className={input ? 'port-name' : 'port-name port-name-out'}
          style={{ top: port.y }}
          data-dim={fit === false || undefined}
        >
          {name}
        </span>
      )}
    </>
  )
}
