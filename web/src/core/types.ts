/** Types of ports: what may be linked with what. */

import type { NodeDefinition } from './definitions'

/** Tells whether two types may be linked: equal but for case, "*", or with a type in common ("A,B"). */
export function compatible(one: string, other: string): boolean {
  if (one === '*' || other === '*' || one === other) return true
  const others = kinds(other)
  return kinds(one).some((kind) => others.includes(kind))
}

function kinds(type: string): readonly string[] {
  return type.split(',').map((kind) => kind.trim().toLowerCase())
}

/** A port that is being dragged from. */
export interface Port {
  readonly side: 'input' | 'output'
  readonly type: string
}

/** Returns the number of the first port of a new node that fits one that is dragged from; -1 for none. */
export function fittingPort(definition: NodeDefinition, from: Port): number {
  if (from.side === 'input') return best(definition.outputs, from.type)
  const sockets = best(
    definition.inputs.map((one) => (one.widget === null ? one : { type: '' })),
    from.type,
  )
  return sockets >= 0 ? sockets : best(definition.inputs, from.type)
}

/** Of ports that fit, those of just the type come before those that take anything. */
function best(ports: readonly { readonly type: string }[], type: string): number {
  const equal = ports.findIndex((port) => port.type !== '' && port.type.toLowerCase() === type.toLowerCase())
  return equal >= 0 ? equal : ports.findIndex((port) => port.type !== '' && compatible(port.type, type))
}
