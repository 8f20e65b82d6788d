/** A link in the colour of what it carries. */

import { BaseEdge, type EdgeProps } from '@xyflow/react'
import { memo } from 'react'
import { useApp, usePicked } from '../use'
import { wayText } from './curves'
import type { FlowEdge } from './kinds'

export const LinkView = memo(function LinkView(props: EdgeProps<FlowEdge>) {
  const { sourceX, sourceY, targetX, targetY, selected, data } = props
  const style = usePicked(useApp().settings, (settings) => settings.linkStyle)
  const path = wayText({ x: sourceX, y: sourceY }, { x: targetX, y: targetY }, data?.points, style)
  return (
    <BaseEdge
      path={path}
      className={selected ? 'link link-selected' : 'link'}
      style={{ stroke: data?.colour }}
      interactionWidth={16}
    />
  )
})
