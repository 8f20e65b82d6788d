/** How many tokens the prompt has that is being typed: asked when nothing was typed for a moment. */

import { useEffect, useState } from 'react'
import type { Counted } from '../../core/prompt/tokens'
import { type Counting, countTokens, QUIET } from '../../state/counting'
import { useApp, useT } from '../use'

interface Props {
  readonly id: string
  readonly at: Counting
  readonly text: string
}

export function TokenCount({ id, at: { tab, node, input }, text }: Props) {
  const app = useApp()
  const t = useT()
  const [counted, setCounted] = useState<Counted | null>(null)
  // biome-ignore lint/correctness/useExhaustiveDependencies: the text is counted as the workflow would send it
  useEffect(() => {
    const asking = new AbortController()
    const timer = setTimeout(() => {
      void countTokens(app, { tab, node, input }, asking.signal).then((found) => {
        if (!asking.signal.aborted) setCounted(found)
      })
    }, QUIET)
    return () => {
      clearTimeout(timer)
      asking.abort()
    }
  }, [app, tab, node, input, text])
  if (counted === null) return null
  const { tokens, room, chunks, vocabulary } = counted
  return (
    <span className="token-count" id={id}>
      {t(chunks === 1 ? 'widget.tokens.one' : 'widget.tokens.many', { tokens, room, chunks })}
      {vocabulary === 'unknown' && ` ${t('widget.tokens.unknown')}`}
    </span>
  )
}
