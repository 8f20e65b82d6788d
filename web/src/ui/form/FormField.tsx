/** One field of the form: the same widgets as in the nodes. */

import { setControl, setValue } from '../../core/commands/nodes'
import type { ExposedField } from '../../core/exposedFields'
import { editTab } from '../../state/editing'
import { openMask, targetOfField } from '../../state/masking'
import { key } from '../../state/run'
import type { Tab } from '../../state/tabs'
import { PictureToLoad } from '../PictureToLoad'
import { useApp, useKeyed } from '../use'
import { componentOf } from '../widgets/table'

export function FormField({ tab, field: one }: { readonly tab: Tab; readonly field: ExposedField }) {
  const app = useApp()
  const { name, runs, graph, node, shown } = one
  const { field, value, control } = shown
  const problems = useKeyed(app.run.problems, key(tab.id, runs.node)) ?? []
  const problem = problems.find((told) => told.input === runs.input)
  const widget = field.input?.widget
  if (widget === undefined || widget === null) return null
  const merge = `field:${runs.node}:${runs.input}`
  const Component = componentOf(widget)
  const there = widget.kind === 'combo' && value !== undefined && widget.options.includes(value)
  const owner = { tab: tab.id, graph, node: node.id, title: name }
  const picture = there ? targetOfField(owner, shown) : null
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
        runs={{ tab: tab.id, ...runs }}
        change={(next) =>
          editTab(app, tab.id, name, (at) => setValue({ ...at, graph }, node.id, field, next), merge)
        }
        changeControl={(next) =>
          editTab(app, tab.id, name, (at) => setControl({ ...at, graph }, node.id, field, next), merge)
        }
      />
      {picture !== null && <PictureToLoad file={picture.file} drawMask={() => openMask(app, picture)} />}
      {problem !== undefined && (
        <p className="form-problem" role="alert">
          {problem.message}
        </p>
      )}
    </div>
  )
}
