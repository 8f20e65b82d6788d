/** Which component draws which kind of field: a new kind is a row here and a file beside. */

import type { ComponentType } from 'react'
import type { Widget } from '../../core/definitions'
import { ComboWidget } from './ComboWidget'
import { NumberWidget } from './NumberWidget'
import type { WidgetOf, WidgetProps } from './props'
import { TextWidget } from './TextWidget'
import { ToggleWidget } from './ToggleWidget'

const WIDGETS: { readonly [K in Widget['kind']]: ComponentType<WidgetProps<WidgetOf<K>>> } = {
  int: NumberWidget,
  float: NumberWidget,
  text: TextWidget,
  boolean: ToggleWidget,
  combo: ComboWidget,
}

/** Returns the component for a field. */
export function componentOf(widget: Widget): ComponentType<WidgetProps> {
  return WIDGETS[widget.kind] as ComponentType<WidgetProps>
}
