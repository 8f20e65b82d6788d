/** What some of the stores hold, in files' and servers' terms; who fills them is beside. */

import type { FileRef, JobTold } from '../core/api/shapes'
import type { GraphId, NodeId } from '../core/document'
import type { Field } from '../core/fields'

/** An axis of a grid. */
export interface GridAxis {
  readonly label: string
  readonly values: readonly string[]
}

export interface GridCell {
  readonly job: string
  /** Null until it is there. */
  readonly picture: FileRef | null
}

/** A grid that was queued; its cells are in the order of its values, the last axis fastest. */
export interface GridRun {
  readonly id: string
  readonly name: string
  readonly axes: readonly GridAxis[]
  readonly cells: readonly GridCell[]
}

/** Whose field it is: that of a node in a graph of an open workflow. */
export interface Owner {
  readonly tab: string
  readonly graph: GraphId
  readonly node: NodeId
  readonly title: string
}

/** A picture that a mask can be drawn on, by the field that names it. */
export interface MaskTarget extends Owner {
  readonly field: Pick<Field, 'name' | 'holder'>
  readonly file: FileRef
  /** The folder that the field means where it names none. */
  readonly folder: string
}

/** A page of jobs. */
export interface Listed {
  readonly jobs: readonly JobTold[]
  /** Where the page behind begins; null at the end. */
  readonly next: string | null
}

/** A line of the server's log. */
export interface LogLine {
  readonly time: string
  readonly text: string
}
