/** Which fields of a workflow the form shows, and what they are called there. */

import { expose, exposedOf, freeName, type Input } from '../../core/exposed'
import { everyField } from '../../core/exposedFields'
import { editTab } from '../../state/editing'
import { useActiveTab, useApp, useStore, useT } from '../use'
import { Modal } from './Modal'
import type { DialogProps } from './props'

export function ExposingDialog({ close }: DialogProps<'exposing'>) {
  const app = useApp()
  const t = useT()
  const tab = useActiveTab()
  const definitions = useStore(app.definitions)
  if (tab === undefined) return null
  const { document } = tab.edited
  const chosen = exposedOf(document)
  const set = (inputs: readonly Input[], name: string | null) =>
    editTab(
      app,
      tab.id,
      t('form.choose'),
      (place) => expose(place.document, inputs, name),
      `expose:${JSON.stringify(inputs)}:${name === null}`,
    )
  return (
    <Modal title={t('form.choose')} close={close} className="wide">
      <p className="modal-note">{t('form.chooseHow')}</p>
      <div className="exposing">
        {everyField(document, definitions).map(({ id, titles, fields }) => (
          <fieldset key={id}>
            <legend>{titles.join(' › ')}</legend>
            {fields.map(({ shown: { field }, inputs }) => {
              const found = chosen.find((one) =>
                inputs.some(({ node, input }) => node === one.node && input === one.input),
              )
              const label = field.input?.label ?? field.name
              return (
                <div key={`${field.holder}/${field.name}`} className="exposing-row">
                  <label>
                    <input
                      type="checkbox"
                      checked={found !== undefined}
                      onChange={(event) =>
                        set(inputs, event.target.checked ? freeName(document, label) : null)
                      }
                    />
                    {label}
                  </label>
                  {found !== undefined && (
                    <input
                      className="input"
                      aria-label={t('form.nameOf', { field: `${titles.join(' › ')}: ${label}` })}
                      value={found.name}
                      onChange={(event) => set(inputs, event.target.value || label)}
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
