/** Text of one line, or of several. Every letter is kept at once: a node may leave the view while it is typed in. */

import { asText } from '../../core/json'
import type { WidgetOf, WidgetProps } from './props'

export function TextWidget({ label, tooltip, widget, value, wrong, change }: WidgetProps<WidgetOf<'text'>>) {
  const text = asText(value) ?? ''
  if (widget.multiline) {
    return (
      <textarea
        className="field-text nodrag nowheel nopan"
        aria-label={label}
        aria-invalid={wrong || undefined}
        title={tooltip || undefined}
        placeholder={widget.placeholder || label}
        value={text}
        onChange={(event) => change(event.target.value)}
      />
    )
  }
  return (
    <label className="field" data-wrong={wrong || undefined} title={tooltip || undefined}>
      <span className="field-label">{label}</span>
      <input
        className="field-line nodrag"
        aria-invalid={wrong || undefined}
        placeholder={widget.placeholder}
        value={text}
        onChange={(event) => change(event.target.value)}
      />
    </label>
  )
}
