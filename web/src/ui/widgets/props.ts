import type { Widget } from '../../core/definitions'
import type { Control } from '../../core/fields'
import type { Json } from '../../core/json'
import type { Counting } from '../../state/counting'

/** What a field is drawn from. It keeps no value of its own: nodes come and go while the view moves. */
export interface WidgetProps<W extends Widget = Widget> {
  readonly label: string
  readonly tooltip: string
  readonly widget: W
  readonly value: Json | undefined
  /** The word behind the value; null where there is none. */
  readonly control: Control | null
  readonly wrong: boolean
  /** What it held in the last run, where that is of use: for seeds. */
  readonly last?: Json | undefined
  /** The input that it gives the value of, as it is run, where that is one. */
  readonly runs?: Counting | undefined
  readonly change: (value: Json) => void
  readonly changeControl: (control: Control) => void
}

export type WidgetOf<K extends Widget['kind']> = Extract<Widget, { readonly kind: K }>
