/** Keeps what fails to be drawn to itself: the rest of the window goes on. */

import { Component, type ReactNode } from 'react'
import { useT } from './use'

interface Props {
  readonly children: ReactNode
  /** What stands in its place; without one, a line that says what went wrong. */
  readonly instead?: (error: Error, again: () => void) => ReactNode
}

export class Boundary extends Component<Props, { readonly error: Error | null }> {
  override state: { readonly error: Error | null } = { error: null }

  static getDerivedStateFromError(error: unknown): { readonly error: Error } {
    return { error: error instanceof Error ? error : new Error(String(error)) }
  }

  override componentDidUpdate(before: Props): void {
    if (this.state.error !== null && before.children !== this.props.children) this.setState({ error: null })
  }

  readonly again = (): void => this.setState({ error: null })

  override render(): ReactNode {
    const { error } = this.state
    if (error === null) return this.props.children
    return this.props.instead?.(error, this.again) ?? <Broken error={error} again={this.again} />
  }
}

export function Broken({ error, again }: { readonly error: Error; readonly again: () => void }) {
  const t = useT()
  return (
    <div className="broken nodrag" role="alert">
      <strong>{t('error.drawing')}</strong>
      <p>{error.message}</p>
      <button type="button" className="button" onClick={again}>
        {t('error.again')}
      </button>
    </div>
  )
}
