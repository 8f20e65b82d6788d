/** Files of models: which ones a workflow names, and which nodes load them. */

import type { Definitions } from './definitions'
import type { Document, NodeId } from './document'
import { asText } from './json'
import { shownValues } from './widgets'

/** A file that a field names; `present` where the server has it. */
export interface NeededModel {
  readonly node: NodeId
  readonly field: string
  readonly name: string
  readonly present: boolean
}

/** Returns the files of models that a workflow needs, each once. */
export function neededModels(document: Document, definitions: Definitions): readonly NeededModel[] {
  const found = new Map<string, NeededModel>()
  for (const graph of [document.root, ...document.subgraphs.values()]) {
    for (const node of graph.nodes.values()) {
      for (const { field, value } of shownValues(document, definitions, node)) {
        const name = asText(value)
        const widget = field.input?.widget
        const ofModel = widget?.kind === 'combo' && widget.files && !widget.upload && widget.folder === null
        if (!ofModel || name === undefined || name === '' || found.has(name)) continue
        const present = widget.options.includes(name)
        found.set(name, { node: node.id, field: field.name, name, present })
      }
    }
  }
  return [...found.values()]
}

/** A type of node, and its field that takes the name of a model. */
export interface Loader {
  readonly type: string
  readonly field: string
}

/** The usual nodes for the models of a folder. */
const USUAL: Readonly<Record<string, string>> = {
  checkpoints: 'CheckpointLoaderSimple',
  clip: 'CLIPLoader',
  clip_vision: 'CLIPVisionLoader',
  controlnet: 'ControlNetLoader',
  diffusion_models: 'UNETLoader',
  hypernetworks: 'HypernetworkLoader',
  loras: 'LoraLoader',
  style_models: 'StyleModelLoader',
  text_encoders: 'CLIPLoader',
  unet: 'UNETLoader',
  upscale_models: 'UpscaleModelLoader',
  vae: 'VAELoader',
}

/** Returns the node that loads a model: the usual one for its folder, else the plainest that offers its name. */
export function loaderOf(definitions: Definitions, folder: string, name: string): Loader | undefined {
  const loaders = [...definitions.values()].flatMap(({ type, inputs, deprecated }) =>
    inputs.flatMap(({ name: field, widget }) => {
      const files = widget?.kind === 'combo' && widget.files && !widget.upload ? widget.options : undefined
      return files === undefined ? [] : [{ type, field, files, deprecated, size: inputs.length }]
    }),
  )
  const usual = loaders.find((one) => one.type === USUAL[folder])
  const offering = loaders
    .filter((one) => one.files.includes(name))
    .sort((one, other) => Number(one.deprecated) - Number(other.deprecated) || one.size - other.size)[0]
  const found = usual ?? offering
  return found && { type: found.type, field: found.field }
}
