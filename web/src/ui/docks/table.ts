/** Which component shows what is open below the canvas. */

import type { ComponentType } from 'react'
import { LogDock } from './LogDock'
import type { DockId } from './list'
import { MemoryDock } from './MemoryDock'
import { TimelineDock } from './TimelineDock'

export const DOCK_VIEWS: { readonly [K in DockId]: ComponentType } = {
  timeline: TimelineDock,
  memory: MemoryDock,
  log: LogDock,
}
