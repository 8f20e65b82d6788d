/** Which commands the menu of each thing has; a line parts them where `line` stands. */

import type { MenuAt } from '../../state/app'

/** `colours` is a row of colours for what is chosen, `borders` what a gate's ports can become. */
export type MenuEntry = string

export const MENUS: Readonly<Record<MenuAt['about'], readonly MenuEntry[]>> = {
  canvas: [
    'edit.add',
    'edit.note',
    'edit.markdown',
    'line',
    'edit.paste',
    'edit.selectAll',
    'line',
    'arrange.layout',
    'view.fit',
    'view.minimap',
    'subgraph.leave',
  ],
  nodes: [
    'run.only',
    'edit.mask',
    'line',
    'edit.rename',
    'edit.copy',
    'edit.cut',
    'edit.duplicate',
    'line',
    'edit.mute',
    'edit.bypass',
    'edit.collapse',
    'edit.pin',
    'colours',
    'line',
    'edit.group',
    'subgraph.make',
    'subgraph.enter',
    'subgraph.unpack',
    'line',
    'arrange.left',
    'arrange.top',
    'arrange.across',
    'arrange.down',
    'arrange.layout',
    'line',
    'edit.disconnect',
    'edit.selectSame',
    'view.fitChosen',
    'edit.delete',
  ],
  link: ['link.reroute', 'line', 'edit.delete'],
  reroute: ['edit.delete'],
  group: [
    'edit.rename',
    'group.select',
    'group.fit',
    'group.pin',
    'colours',
    'line',
    'group.muted',
    'group.bypassed',
    'group.always',
    'line',
    'edit.copy',
    'edit.delete',
  ],
  gate: ['borders', 'line', 'subgraph.rename', 'subgraph.leave'],
}

/** Colours for nodes and groups: [header, body] as files have them; dark, with light text in both themes. */
export const COLOURS: Readonly<Record<string, readonly [color: string, bgcolor: string]>> = {
  red: ['#322', '#533'],
  brown: ['#332922', '#593930'],
  green: ['#232', '#353'],
  blue: ['#223', '#335'],
  pale_blue: ['#2a363b', '#3f5159'],
  cyan: ['#233', '#355'],
  purple: ['#323', '#535'],
  yellow: ['#432', '#653'],
}
