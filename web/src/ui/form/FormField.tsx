/** One field of the form: the same widgets as in the nodes. */

import { setControl, setValue } from '../../core/commands/nodes'
import type { ExposedField } from '../../core/exposed'
import { editTab } from '../../state/editing'
import { key } from '../../state/run'
import type { Tab } from '../../state/tabs'
import { useApp, useKeyed } from '../use'
import { componentOf } from '../widgets/table'

export function FormField({ tab, field: one }: { readonly tab: Tab; readonly field: ExposedField }) {
  const app = useApp()
  const { name, id, graph, node, shown } = one
  const { field, value, control } = shown
  const problems = useKeyed(app.run.problems, key(tab.id, id)) ?? []
  const problem = problems.find((told) => told.input === field.name)
  const widget = field.input?.widget
  if (widget === undefined || widget === null) return null
  const merge = `field:${id}:${field.name}`
  const Component = componentOf(widget)
  return (
    <div className="form-field" data-tall={(widget.kind === 'text' && widget.multiline) || undefined}>
      {widget.kind === 'text' && widget.multiline && (
        <span className="form-label" aria-hidden="true">
          {name}
        </span>
      )}
      <Component
        label={name}
        tooltip={problem?.message ?? field.input?.tooltip ?? ''}
        widget={widget}
        value={value}
        control={control}
        wrong={problem !== undefined}
        change={(next) =>
          editTab(app, tab.id, name, (at) => setValue({ ...at, graph }, node.id, field, next), merge)
        }
        changeControl={(next) =>
          editTab(app, tab.id, name, (at) => setControl({ ...at, graph }, node.id, field, next), merge)
        }
      />
      {problem !== undefined && (
        <p className="form-problem" role="alert">
          {problem.message}
        </p>
      )}
    </div>
  )
}
