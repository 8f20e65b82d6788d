/** What commands on chosen things share. */

import type { NodeId } from '../../core/document'
import type { Op } from '../../core/operations'
import type { MessageKey } from '../../i18n'
import { type App, say } from '../../state/app'
import { edit, type Place } from '../../state/editing'
import { activeTab, NOTHING_SELECTED, type Selection } from '../../state/tabs'

export function chosen(app: App): Selection {
  return activeTab(app.tabs.get())?.selection ?? NOTHING_SELECTED
}

export const hasNodes = (app: App): boolean => chosen(app).nodes.size > 0

/** Tells that at least so many nodes are chosen. */
export const hasMany =
  (least: number) =>
  (app: App): boolean =>
    chosen(app).nodes.size >= least

export const hasAny = (app: App): boolean => {
  const { nodes, links, groups, reroutes } = chosen(app)
  return nodes.size + links.size + groups.size + reroutes.size > 0
}

export const hasGroup = (app: App): boolean => chosen(app).groups.size > 0

/** Changes the chosen nodes, as one step. */
export function change(
  app: App,
  label: MessageKey,
  make: (place: Place, ids: readonly NodeId[]) => readonly Op[],
): void {
  edit(app, say(app, label), (place) => make(place, [...place.tab.selection.nodes]))
}
