/** The panels on the left, in the order of the rail: a new one is a row here and a file beside. */

import { type ComponentType, lazy } from 'react'
import type { MessageKey } from '../../i18n'
import type { IconName } from '../Icon'
import { ProblemsPanel } from './ProblemsPanel'
import { QueuePanel } from './QueuePanel'

export interface Panel {
  readonly id: string
  readonly title: MessageKey
  readonly icon: IconName
  readonly component: ComponentType
  /** Whether it is one of those that a phone shows first. */
  readonly phone?: boolean
}

const NodesPanel = lazy(() => import('./NodesPanel').then((file) => ({ default: file.NodesPanel })))
const WorkflowsPanel = lazy(() =>
  import('./WorkflowsPanel').then((file) => ({ default: file.WorkflowsPanel })),
)
const TemplatesPanel = lazy(() =>
  import('./TemplatesPanel').then((file) => ({ default: file.TemplatesPanel })),
)
const ModelsPanel = lazy(() => import('./ModelsPanel').then((file) => ({ default: file.ModelsPanel })))
const GalleryPanel = lazy(() => import('./GalleryPanel').then((file) => ({ default: file.GalleryPanel })))

export const PANELS: readonly Panel[] = [
  { id: 'nodes', title: 'panel.nodes', icon: 'nodes', component: NodesPanel },
  { id: 'workflows', title: 'panel.workflows', icon: 'file', component: WorkflowsPanel },
  { id: 'templates', title: 'panel.templates', icon: 'templates', component: TemplatesPanel },
  { id: 'models', title: 'panel.models', icon: 'models', component: ModelsPanel },
  { id: 'gallery', title: 'panel.gallery', icon: 'gallery', component: GalleryPanel, phone: true },
  { id: 'queue', title: 'panel.queue', icon: 'queue', component: QueuePanel, phone: true },
  { id: 'problems', title: 'panel.problems', icon: 'problem', component: ProblemsPanel },
]
