/** Definitions of the nodes that only the editor knows, so that they are found and drawn like the others. */

import type { Definitions, InputDefinition, NodeDefinition, OutputDefinition } from './definitions'
import { MARKDOWN_NOTE, NOTE, PRIMITIVE, REROUTE } from './definitions'

function virtual(
  type: string,
  title: string,
  description: string,
  inputs: readonly InputDefinition[],
  outputs: readonly OutputDefinition[],
): NodeDefinition {
  return {
    type,
    title,
    category: 'utils',
    description,
    inputs,
    outputs,
    isOutput: false,
    deprecated: false,
    experimental: false,
    aliases: [],
    pack: 'editor',
  }
}

function input(name: string, type: string, more: Partial<InputDefinition>): InputDefinition {
  const plain = { label: name, required: false, widget: null, initial: undefined, tooltip: '', lazy: false }
  return { name, type, ...plain, advanced: false, ...more }
}

const TEXT: InputDefinition = input('text', 'STRING', {
  widget: { kind: 'text', multiline: true, dynamicPrompts: false, placeholder: '' },
  initial: '',
})
const ANY: OutputDefinition = { name: '', type: '*', isList: false, tooltip: '' }

/** By type, like what the server says of its own. */
export const VIRTUAL_DEFINITIONS: Definitions = new Map(
  [
    virtual(REROUTE, 'Reroute', 'A point that a link is led through.', [input('', '*', {})], [ANY]),
    virtual(PRIMITIVE, 'Primitive', 'A value for one or more fields that are linked to it.', [], [ANY]),
    virtual(NOTE, 'Note', 'Text beside the nodes; it is not run.', [TEXT], []),
    virtual(MARKDOWN_NOTE, 'Markdown Note', 'Formatted text beside the nodes; it is not run.', [TEXT], []),
  ].map((one) => [one.type, one]),
)
