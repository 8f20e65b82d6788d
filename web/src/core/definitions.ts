/** What the server says of node types in /object_info, in one typed form. */

import type { Json } from './json'

/** The field that an input shows, by what is typed into it. Numbers of INT are exact. */
export type Widget =
  | {
      readonly kind: 'int'
      readonly min: bigint
      readonly max: bigint
      readonly step: bigint
      readonly display: 'number' | 'slider'
      readonly control: boolean
    }
  | {
      readonly kind: 'float'
      readonly min: number
      readonly max: number
      readonly step: number
      /** Values are rounded to multiples of it; 0 for not at all. */
      readonly round: number
      readonly display: 'number' | 'slider'
    }
  | {
      readonly kind: 'text'
      readonly multiline: boolean
      readonly dynamicPrompts: boolean
      readonly placeholder: string
    }
  | { readonly kind: 'boolean'; readonly on: string; readonly off: string }
  | {
      readonly kind: 'combo'
      readonly options: readonly Json[]
      /** What can be uploaded to become a choice. */
      readonly upload: 'image' | 'video' | 'audio' | 'file' | null
      /** The folder that files are chosen from. */
      readonly folder: 'input' | 'output' | 'temp' | null
      /** Whether its choices are names of files, so that a name may be right that is not among them. */
      readonly files: boolean
      readonly multiple: boolean
      readonly control: boolean
    }

/** An input of a type of node: a socket, with a field too where `widget` is one. `type` is COMBO for choices. */
export interface InputDefinition {
  readonly name: string
  readonly label: string
  readonly type: string
  readonly required: boolean
  readonly widget: Widget | null
  /** What a new field shows; undefined where nothing is given until somebody types. */
  readonly initial: Json | undefined
  readonly tooltip: string
  readonly lazy: boolean
  readonly advanced: boolean
}

export interface OutputDefinition {
  readonly name: string
  readonly type: string
  readonly isList: boolean
  readonly tooltip: string
}

export interface NodeDefinition {
  readonly type: string
  readonly title: string
  readonly category: string
  readonly description: string
  /** Required ones first; hidden ones are not among them. */
  readonly inputs: readonly InputDefinition[]
  readonly outputs: readonly OutputDefinition[]
  readonly isOutput: boolean
  readonly deprecated: boolean
  readonly experimental: boolean
  readonly aliases: readonly string[]
  readonly pack: string
}

/** All types that the server has, by name. */
export type Definitions = ReadonlyMap<string, NodeDefinition>

/** Nodes that only the editor knows. */
export const REROUTE = 'Reroute'
export const PRIMITIVE = 'PrimitiveNode'
export const NOTE = 'Note'
export const MARKDOWN_NOTE = 'MarkdownNote'
export const VIRTUAL: ReadonlySet<string> = new Set([REROUTE, PRIMITIVE, NOTE, MARKDOWN_NOTE])

/** Names of types that old files have, and what they became. */
const RENAMED: ReadonlyMap<string, string> = new Map([['ConditioningAverage ', 'ConditioningAverage']])

/** Returns a type of a file by its present name. */
export function presentType(type: string): string {
  return RENAMED.get(type) ?? type
}

/** Returns what the server says of a type; undefined for types it does not know. */
export function definitionOf(definitions: Definitions, type: string): NodeDefinition | undefined {
  return definitions.get(presentType(type))
}
