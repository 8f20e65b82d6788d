/** Yes or no. */

import type { WidgetOf, WidgetProps } from './props'

export function ToggleWidget({
  label,
  tooltip,
  widget,
  value,
  wrong,
  change,
}: WidgetProps<WidgetOf<'boolean'>>) {
  const on = value === true
  return (
    <label className="field" data-wrong={wrong || undefined} title={tooltip || undefined}>
      <span className="field-label">{label}</span>
      <span className="field-note">{on ? widget.on : widget.off}</span>
      <input
        className="switch nodrag"
        type="checkbox"
        aria-label={label}
        checked={on}
        onChange={(event) => change(event.target.checked)}
      />
    </label>
  )
}
