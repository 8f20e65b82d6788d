/** A/B grids: which fields take which values; then the pictures, with the values at their edges. */

import { useState } from 'react'
import { Modal } from '../dialogs/Modal'
import type { DialogProps } from '../dialogs/props'
import { useActiveTab, useApp, useStore, useT } from '../use'
import { GridPlan } from './GridPlan'
import { GridTable } from './GridTable'

export function GridDialog({ close }: DialogProps<'grid'>) {
  const app = useApp()
  const t = useT()
  const tab = useActiveTab()
  const run = useStore(app.grid)
  const [planning, setPlanning] = useState(run === null)
  if (tab === undefined) return null
  return (
    <Modal title={t('grid.title')} close={close} className="wide">
      {planning || run === null ? (
        <GridPlan tab={tab} begun={() => setPlanning(false)} />
      ) : (
        <GridTable run={run} again={() => setPlanning(true)} />
      )}
    </Modal>
  )
}
