/** The workflows that are open, as a value: which there are, which is looked at, what is chosen in it. */

import {
  type Document,
  type GraphId,
  type GroupId,
  type LinkId,
  type NodeId,
  type RerouteId,
  ROOT,
  type View,
} from '../core/document'
import { type Edited, NO_HISTORY } from '../core/history'
import { sameDocument } from '../core/same'

export interface Selection {
  readonly nodes: ReadonlySet<NodeId>
  readonly links: ReadonlySet<LinkId>
  readonly groups: ReadonlySet<GroupId>
  /** Points that links are led through. */
  readonly reroutes: ReadonlySet<RerouteId>
}

export const NOTHING_SELECTED: Selection = {
  nodes: new Set(),
  links: new Set(),
  groups: new Set(),
  reroutes: new Set(),
}

/** A step into a subgraph: the instance that was entered, and where one looked outside of it. */
export interface Step {
  readonly node: NodeId
  readonly view: View | null
}

/** A workflow on the server; `modified` is when it was as the tab's `saved` is, in seconds since 1970. */
export interface HomeFile {
  readonly path: string
  readonly modified: number
}

/** An open workflow; `saved` is the document as it was when it was opened or saved last, null for one that lies nowhere so. */
export interface Tab {
  readonly id: string
  /** Null for one that has never had a name. */
  readonly name: string | null
  /** Where it was opened from or saved to, below the person's workflows on the server; null for nowhere. */
  readonly file: HomeFile | null
  readonly edited: Edited
  readonly saved: Document | null
  /** The graph that is shown: the document's own, or one inside of it. */
  readonly graph: GraphId
  /** The instances that were entered on the way to it, outermost first. */
  readonly path: readonly Step[]
  readonly selection: Selection
  /** Null where nobody has looked yet: then all of it is shown. */
  readonly view: View | null
}

export interface Tabs {
  readonly open: readonly Tab[]
  /** The id of the one that is looked at. */
  readonly active: string
}

export function newTab(
  id: string,
  name: string | null,
  document: Document,
  file: HomeFile | null = null,
): Tab {
  return {
    id,
    name,
    file,
    edited: { document, history: NO_HISTORY },
    saved: document,
    graph: ROOT,
    path: [],
    selection: NOTHING_SELECTED,
    view: null,
  }
}

/** Returns the workflow that is looked at; none only before the first one is open. */
export function activeTab(tabs: Tabs): Tab | undefined {
  return tabs.open.find((tab) => tab.id === tabs.active)
}

export function tabOf(tabs: Tabs, id: string): Tab | undefined {
  return tabs.open.find((tab) => tab.id === id)
}

/** Tells whether closing the workflow would lose something: what was changed and taken back again is nothing. */
export function isDirty(tab: Tab): boolean {
  return tab.saved === null || !sameDocument(tab.edited.document, tab.saved)
}

/** Opens a workflow behind the active one, and looks at it. */
export function withNewTab(tabs: Tabs, tab: Tab): Tabs {
  const at = tabs.open.findIndex((one) => one.id === tabs.active) + 1
  return { open: tabs.open.toSpliced(at === 0 ? tabs.open.length : at, 0, tab), active: tab.id }
}

/** Changes one workflow, and leaves the others the same values. */
export function withTab(tabs: Tabs, id: string, change: (tab: Tab) => Tab): Tabs {
  return { ...tabs, open: tabs.open.map((tab) => (tab.id === id ? change(tab) : tab)) }
}

/** Closes a workflow; the one behind it is looked at then, or else the one before. */
export function withoutTab(tabs: Tabs, id: string): Tabs {
  const at = tabs.open.findIndex((tab) => tab.id === id)
  const open = tabs.open.filter((tab) => tab.id !== id)
  const next = open[Math.min(at, open.length - 1)]?.id ?? ''
  return { open, active: tabs.active === id ? next : tabs.active }
}

/** Looks at the next workflow, or with -1 at the one before, round and round. */
export function withNeighbour(tabs: Tabs, step: 1 | -1): Tabs {
  const at = tabs.open.findIndex((tab) => tab.id === tabs.active)
  const next = tabs.open[(at + step + tabs.open.length) % tabs.open.length]
  return next === undefined ? tabs : { ...tabs, active: next.id }
}

/** Returns the graph that a path leads to; undefined where it leads nowhere. */
export function graphAt(document: Document, path: readonly Pick<Step, 'node'>[]): GraphId | undefined {
  let id: GraphId = ROOT
  for (const { node } of path) {
    const graph = id === ROOT ? document.root : document.subgraphs.get(id)
    const type = graph?.nodes.get(node)?.type
    if (type === undefined || !document.subgraphs.has(type)) return undefined
    id = type
  }
  return id
}

/** Looks into an instance of a subgraph. */
export function entered(tab: Tab, node: NodeId): Tab {
  const path = [...tab.path, { node, view: tab.view }]
  const graph = graphAt(tab.edited.document, path)
  return graph === undefined ? tab : { ...tab, graph, path, view: null, selection: NOTHING_SELECTED }
}

/** Looks at an outer graph again, where one looked before; `depth` is 0 for the document's own. */
export function left(tab: Tab, depth: number): Tab {
  const step = tab.path[depth]
  if (step === undefined) return tab
  const path = tab.path.slice(0, depth)
  const graph = graphAt(tab.edited.document, path) ?? ROOT
  const nodes = new Set([step.node])
  return { ...tab, graph, path, view: step.view, selection: { ...NOTHING_SELECTED, nodes } }
}

/** Returns the id that a node of the shown graph runs under: "12:5" for node 5 in instance 12. */
export function executionId(path: readonly Pick<Step, 'node'>[], node: NodeId): string {
  return path.length === 0 ? node : [...path.map((step) => step.node), node].join(':')
}

/** Leaves a graph that is not there any more, and leaves out of a selection what is not. */
export function pruned(tab: Tab): Tab {
  const { document } = tab.edited
  if (graphAt(document, tab.path) !== tab.graph) {
    const depth = tab.path.findIndex((_, at) => graphAt(document, tab.path.slice(0, at + 1)) === undefined)
    if (depth >= 0) return left(tab, depth)
    return { ...tab, graph: ROOT, path: [], view: null, selection: NOTHING_SELECTED }
  }
  const graph = tab.graph === ROOT ? document.root : document.subgraphs.get(tab.graph)
  if (graph === undefined) return tab
  const { selection } = tab
  const nodes = [...selection.nodes].filter((id) => graph.nodes.has(id))
  const links = [...selection.links].filter((id) => graph.links.has(id))
  const groups = [...selection.groups].filter((id) => graph.groups.has(id))
  const reroutes = [...selection.reroutes].filter((id) => graph.reroutes.has(id))
  const same =
    nodes.length === selection.nodes.size &&
    links.length === selection.links.size &&
    groups.length === selection.groups.size &&
    reroutes.length === selection.reroutes.size
  if (same) return tab
  return {
    ...tab,
    selection: {
      nodes: new Set(nodes),
      links: new Set(links),
      groups: new Set(groups),
      reroutes: new Set(reroutes),
    },
  }
}
