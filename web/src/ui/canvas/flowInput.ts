/** What the canvas is drawn from, and how a port is told to xyflow. */

import { type Node, Position } from '@xyflow/react'
import type { Places } from '../../core/commands/placing'
import type { Definitions } from '../../core/definitions'
import type { Document, Graph, Subgraph } from '../../core/document'
import type { Translate } from '../../i18n'
import type { Selection } from '../../state/tabs'
import type { Level } from './kinds'

/** Side of a port, in pixels at zoom 1. */
export const PORT = 10

/** What has been seen of nodes on the screen, by id: sizes that include their pictures. */
export type Measured = ReadonlyMap<string, { readonly width: number; readonly height: number }>

export interface FlowInput {
  readonly document: Document
  readonly graph: Graph
  /** The graph again, where it is one inside of another. */
  readonly subgraph: Subgraph | null
  readonly definitions: Definitions
  readonly selection: Selection
  /** Where things are that are being dragged. */
  readonly moved: Places
  readonly measured: Measured
  readonly level: Level
  readonly t: Translate
}

/** Where a port lies in its node. */
export function bound(
  id: string,
  type: 'source' | 'target',
  x: number,
  y: number,
): NonNullable<Node['handles']>[number] {
  const position = type === 'target' ? Position.Left : Position.Right
  return { id, type, position, x, y: y - PORT / 2, width: PORT, height: PORT }
}
