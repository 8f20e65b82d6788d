/** The panels on the left, in the order of the rail: a new one is a row here and a file beside. */

import type { ComponentType } from 'react'
import type { MessageKey } from '../../i18n'
import type { IconName } from '../Icon'
import { NodesPanel } from './NodesPanel'
import { ProblemsPanel } from './ProblemsPanel'
import { QueuePanel } from './QueuePanel'
import { TemplatesPanel } from './TemplatesPanel'

export interface Panel {
  readonly id: string
  readonly title: MessageKey
  readonly icon: IconName
  readonly component: ComponentType
}

export const PANELS: readonly Panel[] = [
  { id: 'nodes', title: 'panel.nodes', icon: 'nodes', component: NodesPanel },
  { id: 'templates', title: 'panel.templates', icon: 'templates', component: TemplatesPanel },
  { id: 'queue', title: 'panel.queue', icon: 'queue', component: QueuePanel },
  { id: 'problems', title: 'panel.problems', icon: 'problem', component: ProblemsPanel },
]
