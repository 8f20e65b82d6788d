/** Which fields of a workflow the form shows, and what they are called there. */

import { expose, exposedOf } from '../../core/exposed'
import { shownValues, titleOf } from '../../core/widgets'
import { editTab } from '../../state/editing'
import { useActiveTab, useApp, useStore, useT } from '../use'
import { Modal } from './Modal'
import type { DialogProps } from './table'

export function ExposingDialog({ close }: DialogProps<'exposing'>) {
  const app = useApp()
  const t = useT()
  const tab = useActiveTab()
  const definitions = useStore(app.definitions)
  if (tab === undefined) return null
  const { document } = tab.edited
  const chosen = exposedOf(document)
  const set = (node: string, input: string, name: string | null) =>
    editTab(
      app,
      tab.id,
      t('form.choose'),
      (place) => expose(place.document, node, input, name),
      `expose:${node}:${input}:${name === null}`,
    )
  const nodes = [...document.root.nodes.values()].flatMap((node) => {
    const fields = shownValues(document, definitions, node).filter(
      ({ field }) =>
        field.input?.widget && !node.inputs.some((slot) => slot.name === field.name && slot.link !== null),
    )
    return fields.length > 0 ? [{ node, fields, title: titleOf(document, definitions, node) }] : []
  })
  return (
    <Modal title={t('form.choose')} close={close} className="wide">
      <p className="modal-note">{t('form.chooseHow')}</p>
      <div className="exposing">
        {nodes.map(({ node, fields, title }) => (
          <fieldset key={node.id}>
            <legend>{title}</legend>
            {fields.map(({ field }) => {
              const found = chosen.find((one) => one.node === node.id && one.input === field.name)
              const label = field.input?.label ?? field.name
              return (
                <div key={field.name} className="exposing-row">
                  <label>
                    <input
                      type="checkbox"
                      checked={found !== undefined}
                      onChange={(event) => set(node.id, field.name, event.target.checked ? label : null)}
                    />
                    {label}
                  </label>
                  {found !== undefined && (
                    <input
                      className="input"
                      aria-label={t('form.nameOf', { field: `${title}: ${label}` })}
                      value={found.name}
                      onChange={(event) => set(node.id, field.name, event.target.value || label)}
                    />
                  )}
                </div>
              )
            })}
          </fieldset>
        ))}
      </div>
    </Modal>
  )
}
