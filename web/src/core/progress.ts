/** How far a whole run is, from how far its nodes are. */

/** A node that has begun: its part, 0..1. */
export type Parts = ReadonlyMap<string, number>

/** What a node counts that was never measured, in seconds. */
const UNKNOWN = 1

/** What a node counts at least: the quickest are seen, too. */
const LEAST = 0.02

/**
 * Returns the part of a run that is done, 0..1: nodes count by the seconds they are expected to take.
 * `expected` has the nodes that will run; those of `parts` that are not among them come on top.
 */
export function partDone(expected: ReadonlyMap<string, number | null>, parts: Parts): number {
  let [whole, done] = [0, 0]
  for (const id of new Set([...expected.keys(), ...parts.keys()])) {
    const weight = Math.max(LEAST, expected.get(id) ?? UNKNOWN)
    whole += weight
    done += weight * Math.min(1, Math.max(0, parts.get(id) ?? 0))
  }
  return whole === 0 ? 0 : done / whole
}
