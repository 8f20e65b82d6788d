/** A number: typed, as a sum too, stepped with the arrow keys, or dragged where it is a slider. Seeds say what becomes of them. */

import { type KeyboardEvent, useState } from 'react'
import type { Control } from '../../core/fields'
import { asBigInt, asNumber, type Json, sameJson } from '../../core/json'
import { nextValue } from '../../core/seeds'
import { workedOut } from '../../core/sums'
import { stepped, typedNumber } from '../../core/validation'
import { Icon } from '../Icon'
import { useApp, useT } from '../use'
import { shown, typed } from './numbers'
import type { WidgetOf, WidgetProps } from './props'

type Numeric = WidgetOf<'int'> | WidgetOf<'float'>

export function NumberWidget(props: WidgetProps<Numeric>) {
  const { label, tooltip, widget, value, control, wrong, change } = props
  const [draft, setDraft] = useState<string | null>(null)
  const text = draft ?? shown(widget, value)
  const read = typed(widget, text)
  const invalid = wrong || read === undefined

  function onKeyDown(event: KeyboardEvent): void {
    const step = { ArrowUp: 1, ArrowDown: -1, PageUp: 10, PageDown: -10 }[event.key]
    if (step !== undefined && !event.ctrlKey && !event.metaKey) {
      setDraft(null)
      change(stepped(read ?? value ?? 0, widget, step))
      event.preventDefault()
    } else if (event.key === 'Enter' || event.key === 'Escape') {
      if (!event.ctrlKey && !event.metaKey)
        event.currentTarget instanceof HTMLElement && event.currentTarget.blur()
    }
  }
  return (
    <div className="field" data-wrong={invalid || undefined} title={tooltip || undefined}>
      <span className="field-label" aria-hidden="true">
        {label}
      </span>
      {widget.display === 'slider' && <Slider {...props} />}
      <input
        className="field-number nodrag"
        role="spinbutton"
        inputMode="decimal"
        aria-label={label}
        aria-valuenow={asNumber(value)}
        aria-valuetext={text}
        aria-valuemin={Number(widget.min)}
        aria-valuemax={Number(widget.max)}
        aria-invalid={invalid || undefined}
        autoComplete="off"
        title={control === null ? undefined : text}
        value={text}
        onChange={(event) => {
          setDraft(event.target.value)
          const number = typed(widget, event.target.value)
          if (number !== undefined) change(number)
        }}
        onBlur={() => {
          const nearest = draft === null ? undefined : typedNumber(workedOut(draft), widget)
          if (nearest !== undefined) change(nearest)
          setDraft(null)
        }}
        onKeyDown={onKeyDown}
      />
      {control !== null && <SeedControl {...props} control={control} />}
    </div>
  )
}

function Slider({ label, widget, value, change }: WidgetProps<Numeric>) {
  const [least, most] = [Number(widget.min), Number(widget.max)]
  return (
    <input
      className="field-slider nodrag"
      type="range"
      aria-label={label}
      min={least}
      max={most}
      step={Number(widget.step)}
      value={asNumber(value) ?? least}
      onChange={(event) => change(typedNumber(event.target.value, widget) ?? least)}
    />
  )
}

function SeedControl({
  control,
  widget,
  value,
  last,
  change,
  changeControl,
}: WidgetProps<Numeric> & { readonly control: Control }) {
  const app = useApp()
  const t = useT()
  const words = ['fixed', 'randomize', 'increment', 'decrement'] as const
  const known = words.find((word) => word === control)
  return (
    <>
      <button
        type="button"
        className="field-icon nodrag"
        aria-label={t('widget.seed.dice')}
        title={t('widget.seed.dice')}
        onClick={() => change(nextValue(value ?? 0, widget, 'randomize', app.draw))}
      >
        <Icon name="dice" />
      </button>
      {last !== undefined && !sameJson(last, value) && <LastSeed last={last} change={change} />}
      <select
        className="field-select nodrag"
        aria-label={t('widget.seed.control')}
        value={control}
        onChange={(event) => changeControl(event.target.value as Control)}
      >
        {words.map((word) => (
          <option key={word} value={word}>
            {t(`widget.seed.${word}`)}
          </option>
        ))}
        {known === undefined && <option value={control}>{control}</option>}
      </select>
    </>
  )
}

/** Takes back the seed of the last run, which is another already. */
function LastSeed({ last, change }: { readonly last: Json; readonly change: (value: Json) => void }) {
  const t = useT()
  const title = t('widget.seed.last', { seed: String(asBigInt(last) ?? '') })
  return (
    <button
      type="button"
      className="field-icon nodrag"
      aria-label={title}
      title={title}
      onClick={() => change(last)}
    >
      <Icon name="last" />
    </button>
  )
}
