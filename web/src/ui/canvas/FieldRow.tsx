/** One field of a node: its widget, or where a link gives its value, only its name. */

import { memo } from 'react'
import { setControl, setValue } from '../../core/commands/nodes'
import type { GraphNode } from '../../core/document'
import type { Control } from '../../core/fields'
import { type Json, writeJson } from '../../core/json'
import { edit } from '../../state/editing'
import { useApp, useKeyed, useNodeKey, useT } from '../use'
import { componentOf } from '../widgets/table'
import type { FieldPlace } from './geometry'

export const FieldRow = memo(function FieldRow({
  node,
  place,
}: {
  readonly node: GraphNode
  readonly place: FieldPlace
}) {
  const app = useApp()
  const t = useT()
  const { field, value, control } = place.shown
  const problems = useKeyed(app.run.problems, useNodeKey(node.id)) ?? []
  const problem = problems.find((one) => one.input === field.name)
  const label = field.input?.label ?? field.name
  const style = { top: place.y, height: place.height }

  const merge = `field:${node.id}:${field.name}`
  const change = (next: Json) => edit(app, label, (at) => setValue(at, node.id, field, next), merge)
  const changeControl = (next: Control) =>
    edit(app, label, (at) => setControl(at, node.id, field, next), merge)

  const widget = field.input?.widget
  if (place.linked || widget === undefined || widget === null) {
    return (
      <div className="field-row" style={style}>
        <div className="field" data-linked="true">
          <span className="field-label">{label}</span>
          <span className="field-note">
            {place.linked ? t('node.linked') : value === undefined ? '' : writeJson(value)}
          </span>
        </div>
      </div>
    )
  }
  const Component = componentOf(widget)
  return (
    <div className="field-row" style={style} data-tall={place.height > 40 || undefined}>
      <Component
        label={label}
        tooltip={problem ? problem.message : (field.input?.tooltip ?? '')}
        widget={widget}
        value={value}
        control={control}
        wrong={problem !== undefined}
        change={change}
        changeControl={changeControl}
      />
    </div>
  )
})
