/** Points that links are led through: put into their ways and taken out again. */

import type { Graph, Link, LinkId, Point, Reroute, RerouteId } from '../document'
import { graphOf, required } from '../document'
import { EMPTY } from '../json'
import type { Op } from '../operations'
import { Plan, type Scene } from './plan'

/** Where a link leaves its output and comes to its input, as it is drawn. */
export interface Ends {
  readonly from: Point
  readonly to: Point
}

/** Returns the points that lead to one, from where its links begin; the last is the point itself. */
export function wayTo(reroutes: Graph['reroutes'], last: RerouteId | null): readonly Reroute[] {
  const way: Reroute[] = []
  const seen = new Set<RerouteId>()
  for (let id = last; id !== null && !seen.has(id); ) {
    seen.add(id)
    const found = reroutes.get(id)
    if (found === undefined) break
    way.unshift(found)
    id = found.parent
  }
  return way
}

/** Returns the link that a point's branches are like; undefined for a point that no link passes. */
export function linkThrough({ reroutes, links }: Graph, id: RerouteId): Link | undefined {
  return links.get(reroutes.get(id)?.links.find((one) => links.has(one)) ?? '')
}

/**
 * Leads a link through a point, in that part of its way that comes nearest; links that share the part are led with
 * it. Returns the point's id besides.
 */
export function addReroute(
  scene: Scene,
  id: LinkId,
  pos: Point,
  { from, to }: Ends,
): { readonly ops: readonly Op[]; readonly reroute: RerouteId } {
  const { links, reroutes } = graphOf(scene.document, scene.graph)
  const link = required(links.get(id), `link ${id}`)
  const way = wayTo(reroutes, link.reroute)
  const stops = [from, ...way.map((one) => one.pos), to]
  const detours = stops.slice(1).map((stop, at) => detour(stops[at] ?? from, pos, stop))
  const part = detours.indexOf(Math.min(...detours))
  const next = way[part]
  const plan = new Plan(scene)
  const reroute = plan.newRerouteId()
  const parent = way[part - 1]?.id ?? null
  plan.putReroute({ id: reroute, pos, parent, links: next?.links ?? [id], raw: EMPTY })
  if (next === undefined) plan.op({ op: 'link', graph: scene.graph, id, value: { ...link, reroute } })
  else plan.putReroute({ ...next, parent: reroute })
  return { ops: plan.ops(), reroute }
}

/** How much longer the way from one point to another is over a third. */
function detour(from: Point, over: Point, to: Point): number {
  const length = (one: Point, other: Point) => Math.hypot(other.x - one.x, other.y - one.y)
  return length(from, over) + length(over, to) - length(from, to)
}

/** Takes points out of the links that are led through them; the rest of the way stays. */
export function removeReroutes({ document, graph }: Scene, ids: Iterable<RerouteId>): readonly Op[] {
  const { reroutes, links } = graphOf(document, graph)
  const gone = new Set([...ids].filter((id) => reroutes.has(id)))
  const kept = (id: RerouteId | null) => wayTo(reroutes, id).findLast((one) => !gone.has(one.id))?.id ?? null
  const ops: Op[] = []
  for (const point of reroutes.values()) {
    if (gone.has(point.id) || point.parent === null || !gone.has(point.parent)) continue
    ops.push({ op: 'reroute', graph, id: point.id, value: { ...point, parent: kept(point.parent) } })
  }
  for (const link of links.values()) {
    if (link.reroute === null || !gone.has(link.reroute)) continue
    ops.push({ op: 'link', graph, id: link.id, value: { ...link, reroute: kept(link.reroute) } })
  }
  return [...ops, ...[...gone].map((id): Op => ({ op: 'reroute', graph, id, value: null }))]
}

/** Returns the points that some links pass, with only those links. */
export function reroutesOf(
  reroutes: Graph['reroutes'],
  links: ReadonlySet<LinkId>,
): ReadonlyMap<RerouteId, Reroute> {
  const found = [...reroutes.values()].flatMap((one): [RerouteId, Reroute][] => {
    const passing = one.links.filter((id) => links.has(id))
    return passing.length > 0 ? [[one.id, { ...one, links: passing }]] : []
  })
  return new Map(found)
}
