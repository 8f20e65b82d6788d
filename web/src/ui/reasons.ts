/** Why a node would run, as a sentence: that of the editor's language where it has one, else the server's. */

import type { NodeExplanation, Reason } from '../core/api/shapes'
import { secondsText } from '../core/measures'
import type { MessageKey, Translate } from '../i18n'

const KNOWN: Readonly<Record<string, MessageKey>> = {
  changed: 'plan.why.changed',
  above: 'plan.why.above',
  never_seen: 'plan.why.never_seen',
  forgotten: 'plan.why.forgotten',
  updated: 'plan.why.updated',
  same: 'plan.why.same',
  relinked: 'plan.why.relinked',
  always: 'plan.why.always',
}

/** Letters of a value that are told at most. */
const LONGEST = 60

function valueText(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value, big) ?? '')
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text
}

const big = (_: string, value: unknown) => (typeof value === 'bigint' ? String(value) : value)

export function reasonText(t: Translate, reason: Reason, nameOf: (node: string) => string): string {
  const known = KNOWN[reason.code]
  if (known === undefined) return reason.text
  return t(known, {
    input: reason.input ?? '',
    before: valueText(reason.before),
    after: valueText(reason.after),
    nodes: (reason.nodes ?? []).map(nameOf).join(', '),
  })
}

/** Returns all that is known of what becomes of a node. */
export function planText(t: Translate, plan: NodeExplanation, nameOf: (node: string) => string): string {
  const lines = (plan.reasons ?? []).map((one) => reasonText(t, one, nameOf))
  if (plan.status === 'cached' && (plan.where === 'memory' || plan.where === 'disk'))
    lines.push(t(`plan.where.${plan.where}`))
  if (plan.seconds != null)
    lines.push(
      t(plan.status === 'cached' ? 'plan.seconds' : 'plan.about', { time: secondsText(plan.seconds) }),
    )
  return lines.join('\n')
}
