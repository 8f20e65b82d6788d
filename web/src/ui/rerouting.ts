/** Leading links through points, from wherever a person asks for it. */

import { addReroute } from '../core/commands/reroutes'
import type { LinkId, Point } from '../core/document'
import { type App, say } from '../state/app'
import { edit, select } from '../state/editing'
import { NOTHING_SELECTED } from '../state/tabs'

/** Leads a link through a point, by default one in the middle of it, and chooses the point. */
export function rerouteLink(app: App, link: LinkId, wanted?: Point): void {
  const ends = app.canvas.get()?.ends(link)
  if (ends == null) return
  const { from, to } = ends
  const { x, y } = wanted ?? { x: (from.x + to.x) / 2, y: (from.y + to.y) / 2 }
  let made = ''
  edit(app, say(app, 'command.link.reroute'), (place) => {
    const { ops, reroute } = addReroute(place, link, { x: Math.round(x), y: Math.round(y) }, ends)
    made = reroute
    return ops
  })
  select(app, { ...NOTHING_SELECTED, reroutes: new Set([made]) })
}
