/** A link: a curve in the colour of what it carries. */

import { BaseEdge, type EdgeProps, getBezierPath } from '@xyflow/react'
import { memo } from 'react'
import type { FlowEdge } from './flow'

export const LinkView = memo(function LinkView(props: EdgeProps<FlowEdge>) {
  const { sourceX, sourceY, targetX, targetY, sourcePosition, targetPosition, selected, data } = props
  const [path] = getBezierPath({
    sourceX,
    sourceY,
    targetX,
    targetY,
    sourcePosition,
    targetPosition,
    curvature: 0.35,
  })
  return (
    <BaseEdge
      path={path}
      className={selected ? 'link link-selected' : 'link'}
      style={{ stroke: data?.colour }}
      interactionWidth={16}
    />
  )
})
