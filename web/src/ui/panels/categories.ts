/** Types of nodes as a tree of their categories. */

import type { NodeDefinition } from '../../core/definitions'
import { grouped } from '../../core/grouped'

export interface Category {
  readonly name: string
  /** How many types lie in it, at any depth. */
  readonly count: number
  readonly inside: readonly Category[]
  readonly nodes: readonly NodeDefinition[]
}

/** Returns the tree of "a/b/c" categories, by name; types keep their order. */
export function categoriesOf(nodes: readonly NodeDefinition[]): Category {
  return branch(
    '',
    nodes.map((node) => ({ node, path: node.category.split('/').filter((part) => part !== '') })),
  )
}

interface Placed {
  readonly node: NodeDefinition
  readonly path: readonly string[]
}

function branch(name: string, placed: readonly Placed[]): Category {
  const here = placed.filter((one) => one.path.length === 0).map((one) => one.node)
  const deeper = grouped(
    placed.filter((one) => one.path.length > 0),
    (one) => one.path[0] ?? '',
  )
  const inside = [...deeper]
    .sort(([one], [other]) => one.localeCompare(other))
    .map(([part, all]) =>
      branch(
        part,
        all.map(({ node, path }) => ({ node, path: path.slice(1) })),
      ),
    )
  return { name, count: placed.length, inside, nodes: here }
}
