/** Choosing one or two fields, and the values that each takes. */

import { useState } from 'react'
import type { Widget } from '../../core/definitions'
import { grouped } from '../../core/grouped'
import { AxisError, axisValues, firstValues, written } from '../../core/prompt/axisValues'
import type { ShownField } from '../../core/widgets'
import { shownValues, titleOf } from '../../core/widgets'
import { attempt, say } from '../../state/app'
import { MOST, type NamedAxis, runGrid } from '../../state/grids'
import type { Tab } from '../../state/tabs'
import { useApp, useStore, useT } from '../use'

/** A field that an axis can have. */
interface Choice {
  readonly id: string
  readonly group: string
  readonly label: string
  readonly node: string
  readonly shown: ShownField
  readonly widget: Widget
}

interface Draft {
  readonly choice: string
  readonly text: string
}

const NONE: Draft = { choice: '', text: '' }

export function GridPlan({ tab, begun }: { readonly tab: Tab; readonly begun: () => void }) {
  const app = useApp()
  const t = useT()
  const definitions = useStore(app.definitions)
  const { document } = tab.edited
  const [drafts, setDrafts] = useState<readonly [Draft, Draft]>([NONE, NONE])
  const choices = [...document.root.nodes.values()].flatMap((node) =>
    shownValues(document, definitions, node).flatMap((shown): Choice[] => {
      const { field } = shown
      const widget = field.input?.widget
      const linked = node.inputs.some((slot) => slot.name === field.name && slot.link !== null)
      if (!widget || linked) return []
      const [group, label] = [titleOf(document, definitions, node), field.input?.label ?? field.name]
      return [{ id: `${node.id}/${field.holder}/${field.name}`, group, label, node: node.id, shown, widget }]
    }),
  )
  const read = drafts.map((draft) => readDraft(draft, choices))
  const axes = read.flatMap((one) => (one.axis === null ? [] : [one.axis]))
  const count = axes.reduce((product, axis) => product * axis.values.length, 1)
  const broken = read.some((one) => one.wrong !== null)
  const ready = axes.length > 0 && !broken && count >= 1 && count <= MOST
  const set = (place: 0 | 1, draft: Draft) =>
    setDrafts((old) => (place === 0 ? [draft, old[1]] : [old[0], draft]))
  return (
    <>
      <p className="modal-note">{t('grid.how')}</p>
      <div className="grid-plan">
        {([0, 1] as const).map((place) => (
          <AxisPlan
            key={place}
            title={t(place === 0 ? 'grid.columns' : 'grid.rows')}
            draft={drafts[place]}
            choices={choices.filter((one) => one.id !== drafts[place === 0 ? 1 : 0].choice)}
            wrong={read[place]?.wrong ?? null}
            first={place === 0}
            change={(draft) => set(place, draft)}
          />
        ))}
      </div>
      <div className="buttons">
        <span className="viewer-count muted" role="status">
          {axes.length > 0 && t(count > MOST ? 'grid.tooMany' : 'grid.count', { n: count, most: MOST })}
        </span>
        <button
          type="button"
          className="button primary"
          disabled={!ready}
          onClick={() => {
            begun()
            // Rows run slowest: what stands in one row is made one after the other.
            void attempt(app, say(app, 'run.refused'), () => runGrid(app, tab, axes.toReversed()))
          }}
        >
          {t('grid.run')}
        </button>
      </div>
    </>
  )
}

interface Read {
  readonly axis: NamedAxis | null
  readonly wrong: string | null
}

function readDraft({ choice, text }: Draft, choices: readonly Choice[]): Read {
  const found = choices.find((one) => one.id === choice)
  if (found === undefined) return { axis: null, wrong: null }
  try {
    const values = axisValues(text, found.widget)
    const label = `${found.group}: ${found.label}`
    return { axis: { label, node: found.node, field: found.shown.field, values }, wrong: null }
  } catch (error) {
    if (!(error instanceof AxisError)) throw error
    return { axis: null, wrong: error.part }
  }
}

interface AxisPlanProps {
  readonly title: string
  readonly draft: Draft
  readonly choices: readonly Choice[]
  readonly wrong: string | null
  readonly first: boolean
  readonly change: (draft: Draft) => void
}

function AxisPlan({ title, draft, choices, wrong, first, change }: AxisPlanProps) {
  const t = useT()
  const choice = choices.find((one) => one.id === draft.choice)
  const widget = choice?.widget
  const options = widget?.kind === 'combo' ? widget.options.map(written) : []
  const lines = draft.text.split('\n').filter((line) => line !== '')
  return (
    <fieldset className="grid-axis">
      <legend>{title}</legend>
      <select
        className="input"
        aria-label={t('grid.field', { axis: title })}
        data-first={first || undefined}
        value={draft.choice}
        onChange={(event) => {
          const next = choices.find((one) => one.id === event.target.value)
          const text = next === undefined ? '' : firstValues(next.shown.value, next.widget)
          change({ choice: event.target.value, text })
        }}
      >
        <option value="">{t('grid.nothing')}</option>
        {[...grouped(choices, (one) => one.group)].map(([group, all]) => (
          <optgroup key={group} label={group}>
            {all.map((one) => (
              <option key={one.id} value={one.id}>
                {one.label}
              </option>
            ))}
          </optgroup>
        ))}
      </select>
      {widget !== undefined && options.length > 0 && (
        <div className="grid-options">
          {options.map((option) => (
            <label key={option}>
              <input
                type="checkbox"
                checked={lines.includes(option)}
                onChange={(event) => {
                  const text = options
                    .filter((one) => (one === option ? event.target.checked : lines.includes(one)))
                    .join('\n')
                  change({ ...draft, text })
                }}
              />
              {option}
            </label>
          ))}
        </div>
      )}
      {widget !== undefined && options.length === 0 && (
        <>
          <textarea
            className="input grid-values"
            aria-label={t('grid.values', { axis: title })}
            aria-invalid={wrong !== null || undefined}
            spellCheck={false}
            rows={widget.kind === 'text' ? 5 : 2}
            value={draft.text}
            onChange={(event) => change({ ...draft, text: event.target.value })}
          />
          <p className={wrong === null ? 'muted' : 'form-problem'}>
            {wrong !== null
              ? t('grid.wrong', { part: wrong })
              : t(widget.kind === 'int' || widget.kind === 'float' ? 'grid.numbers' : 'grid.lines')}
          </p>
        </>
      )}
    </fieldset>
  )
}
