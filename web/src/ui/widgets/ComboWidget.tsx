/** One of several, found by typing. A value that is not among them stays, and is marked. */

import { useId, useRef, useState } from 'react'
import { type Json, writeJson } from '../../core/json'
import { accepted, upload } from '../../state/uploading'
import { found } from '../find'
import { Icon } from '../Icon'
import { type Pick, PickList } from '../PickList'
import { Popup } from '../Popup'
import { useApp, useT } from '../use'
import type { WidgetOf, WidgetProps } from './props'

const textOf = (value: Json | undefined): string =>
  typeof value === 'string' ? value : value === undefined ? '' : writeJson(value)

export function ComboWidget({
  label,
  tooltip,
  widget,
  value,
  wrong,
  change,
}: WidgetProps<WidgetOf<'combo'>>) {
  const t = useT()
  const [open, setOpen] = useState(false)
  const button = useRef<HTMLButtonElement>(null)
  const list = useId()
  const text = textOf(value)
  const missing = value !== undefined && !widget.options.some((option) => textOf(option) === text)
  const picks = (): readonly Pick[] =>
    widget.options.map((option) => ({ id: textOf(option), label: textOf(option) }))

  return (
    <div className="field" data-wrong={wrong || missing || undefined} title={tooltip || undefined}>
      <span className="field-label" aria-hidden="true">
        {label}
      </span>
      <button
        type="button"
        className="field-combo nodrag"
        role="combobox"
        aria-label={label}
        aria-haspopup="listbox"
        aria-expanded={open}
        aria-controls={open ? list : undefined}
        aria-invalid={wrong || missing || undefined}
        title={missing ? t('widget.combo.missing', { value: text }) : text}
        ref={button}
        onClick={() => setOpen(true)}
      >
        <span className="field-combo-text">{text}</span>
        <Icon name="chevron" />
      </button>
      {widget.upload !== null && <Upload label={label} widget={widget} change={change} />}
      {open && (
        <Popup anchor={button} close={() => setOpen(false)} id={list}>
          <PickList
            label={label}
            placeholder={t('widget.combo.search')}
            empty={t('widget.combo.none')}
            initial={text}
            find={(query) => found(query, picks(), (one) => one.label)}
            pick={(id) => {
              const option = widget.options.find((one) => textOf(one) === id)
              if (option !== undefined) change(option)
              setOpen(false)
            }}
          />
        </Popup>
      )}
    </div>
  )
}

/** Lets a person choose a file of theirs. */
function Upload({
  label,
  widget,
  change,
}: {
  readonly label: string
  readonly widget: WidgetOf<'combo'>
  readonly change: (value: Json) => void
}) {
  const app = useApp()
  const t = useT()
  const input = useRef<HTMLInputElement>(null)
  const title = t('widget.upload', { name: label })
  return (
    <>
      <button
        type="button"
        className="field-icon nodrag"
        aria-label={title}
        title={title}
        onClick={() => input.current?.click()}
      >
        <Icon name="upload" />
      </button>
      <input
        type="file"
        hidden
        ref={input}
        aria-label={title}
        accept={accepted(widget)}
        onChange={(event) => {
          const file = event.target.files?.[0]
          if (file !== undefined) void upload(app, widget, file, change)
          event.target.value = ''
        }}
      />
    </>
  )
}
