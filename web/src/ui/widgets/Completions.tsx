/** Names to complete with, below what is typed; the keys are those of the field. */

import { useT } from '../use'

interface Props {
  readonly id: string
  readonly names: readonly string[]
  readonly marked: number
  readonly choose: (name: string) => void
}

export function Completions({ id, names, marked, choose }: Props) {
  const t = useT()
  return (
    <div className="completions nodrag nopan" role="listbox" aria-label={t('widget.complete')} id={id}>
      {names.map((name, at) => (
        // biome-ignore lint/a11y/useKeyWithClickEvents: the keys are those of the field
        // biome-ignore lint/a11y/useFocusableInteractive: the field has the focus, and says which is marked
        <div
          key={name}
          id={`${id}-${at}`}
          role="option"
          aria-selected={at === marked}
          className="pick-one"
          onMouseDown={(event) => event.preventDefault()}
          onClick={() => choose(name)}
        >
          {name}
        </div>
      ))}
    </div>
  )
}
