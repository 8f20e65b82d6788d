/** What the menu of a node has for the field that it was opened at: whether the form shows it, and the subgraph. */

import { exposeField } from '../../core/commands/subgraphs'
import { ROOT } from '../../core/document'
import { expose, exposedOf, freeName } from '../../core/exposed'
import { inputsOf, keptAt } from '../../core/exposedFields'
import { shownValues } from '../../core/widgets'
import { type FieldAt, say } from '../../state/app'
import { edit, placeOf } from '../../state/editing'
import { uuid } from '../commands/uuid'
import { useApp, useT } from '../use'

export function FieldEntries({ at, act }: { readonly at: FieldAt; readonly act: (run: () => void) => void }) {
  const app = useApp()
  const t = useT()
  const place = placeOf(app)
  const node = place?.shown.nodes.get(at.node)
  if (place === null || node === undefined) return null
  const { document, definitions, graph, tab } = place
  const shown = shownValues(document, definitions, node).find(
    ({ field }) => field.name === at.name && field.holder === at.holder,
  )
  const way = [...tab.path.map((step) => step.node), node.id]
  const inputs = shown === undefined ? [] : inputsOf(document, definitions, way, node, shown.field)
  const [first] = inputs
  // What a link gives the value of has no field to show.
  if (first === undefined || keptAt(document, definitions, first) === undefined) return null
  const label = shown?.field.input?.label ?? at.name
  const exposed = exposedOf(document).some((one) =>
    inputs.some((input) => input.node === one.node && input.input === one.input),
  )
  const free = !node.inputs.some((slot) => slot.name === at.name && slot.link !== null)
  const entry = (title: string, run: () => void) => (
    <button type="button" role="menuitem" tabIndex={-1} className="menu-item" onClick={() => act(run)}>
      {title}
    </button>
  )
  return (
    <>
      {entry(t(exposed ? 'form.hideField' : 'form.showField', { name: label }), () =>
        edit(app, say(app, 'form.choose'), () =>
          expose(document, inputs, exposed ? null : freeName(document, label)),
        ),
      )}
      {graph !== ROOT &&
        free &&
        at.holder === null &&
        entry(t('subgraph.showField', { name: label }), () =>
          edit(app, say(app, 'subgraph.showField', { name: label }), (now) =>
            exposeField(now, at.node, at.name, () => uuid(app)),
          ),
        )}
      <hr className="menu-line" />
    </>
  )
}
