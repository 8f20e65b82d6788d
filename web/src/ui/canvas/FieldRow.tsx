/** One field of a node: its widget, or where a link gives its value, only its name. */

import { memo } from 'react'
import { setControl, setValue } from '../../core/commands/nodes'
import type { GraphNode } from '../../core/document'
import type { Control, Field } from '../../core/fields'
import { type Json, writeJson } from '../../core/json'
import { shownValues } from '../../core/widgets'
import { edit } from '../../state/editing'
import { ofKey } from '../../state/run'
import { useApp, useKeyed, useNodeKey, usePicked, useT } from '../use'
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
  const at = useNodeKey(node.id)
  const problems = useKeyed(app.run.problems, at) ?? []
  const problem = problems.find((one) => one.input === field.name)
  const last = useLast(node, field)
  const label = field.input?.label ?? field.name
  const style = { top: place.y, height: place.height }

  const merge = `field:${node.id}:${field.name}`
  const change = (next: Json) => edit(app, label, (at) => setValue(at, node.id, field, next), merge)
  const changeControl = (next: Control) =>
    edit(app, label, (at) => setControl(at, node.id, field, next), merge)

  const widget = field.input?.widget
  if (place.linked || widget === undefined || widget === null) {
    return (
      <div
        className="field-row"
        style={style}
        data-field={field.name}
        data-holder={field.holder ?? undefined}
      >
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
    <div
      className="field-row"
      style={style}
      data-field={field.name}
      data-holder={field.holder ?? undefined}
      data-tall={place.height > 40 || undefined}
    >
      <Component
        label={label}
        tooltip={problem ? problem.message : (field.input?.tooltip ?? '')}
        widget={widget}
        value={value}
        control={control}
        wrong={problem !== undefined}
        last={control === null ? undefined : last}
        runs={field.holder === null ? { ...ofKey(at), input: field.name } : undefined}
        change={change}
        changeControl={changeControl}
      />
    </div>
  )
})

/** What a field held when its workflow was queued last. */
function useLast(node: GraphNode, field: Field): Json | undefined {
  const app = useApp()
  const tab = usePicked(app.tabs, (tabs) => tabs.active)
  const ran = useKeyed(app.ran, isSeeded(field) ? tab : '')
  if (ran === undefined) return undefined
  const graphs = [ran.root, ...ran.subgraphs.values()]
  const graph = graphs.find((one) => one.nodes.get(node.id)?.type === node.type)
  const before = graph?.nodes.get(node.id)
  if (before === undefined) return undefined
  return shownValues(ran, app.definitions.get(), before).find((one) => one.field.name === field.name)?.value
}

const isSeeded = ({ input }: Field): boolean => input?.widget?.kind === 'int' && input.widget.control
