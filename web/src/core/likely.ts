/** What people mostly link a port to: these come first when a link is drawn into the void. */

import type { NodeDefinition } from './definitions'
import { fittingPort, type Port } from './types'

/** Types of nodes that take what an output gives, likeliest first. */
const TAKERS: Readonly<Record<string, readonly string[]>> = {
  MODEL: ['KSampler', 'ModelSamplingDiscrete', 'BasicScheduler', 'CFGGuider'],
  CLIP: ['CLIPTextEncode', 'CLIPSetLastLayer'],
  CONDITIONING: ['KSampler', 'ConditioningCombine', 'ConditioningSetArea'],
  LATENT: ['VAEDecode', 'KSampler', 'LatentUpscaleBy', 'LatentUpscale'],
  VAE: ['VAEDecode', 'VAEEncode', 'VAEEncodeForInpaint'],
  IMAGE: ['PreviewImage', 'SaveImage', 'VAEEncode', 'ImageScaleBy', 'ImageScale'],
  MASK: ['SetLatentNoiseMask', 'VAEEncodeForInpaint', 'MaskPreview', 'GrowMask', 'InvertMask'],
}

/** Types of nodes that give what an input takes, likeliest first. */
const GIVERS: Readonly<Record<string, readonly string[]>> = {
  MODEL: ['CheckpointLoaderSimple', 'UNETLoader'],
  CLIP: ['CheckpointLoaderSimple', 'CLIPSetLastLayer', 'CLIPLoader'],
  CONDITIONING: ['CLIPTextEncode', 'ConditioningCombine'],
  LATENT: ['EmptyLatentImage', 'VAEEncode', 'KSampler'],
  VAE: ['CheckpointLoaderSimple', 'VAELoader'],
  IMAGE: ['LoadImage', 'VAEDecode'],
  MASK: ['LoadImage', 'LoadImageMask', 'SolidMask'],
}

/** Points for a type that takes or gives anything: it fits everywhere, so it is seldom what is looked for. */
const ANYTHING = -25

/** Points of the likeliest; those after it have one less each. */
const LIKELIEST = 20

/**
 * Returns how likely a type is the one that a port is to be linked with: above 0 for the usual ones, below for those
 * that take anything. `slot` is the port of it that fits.
 */
export function likelihood(definition: NodeDefinition, slot: number, from: Port): number {
  const usual = (from.side === 'output' ? TAKERS : GIVERS)[from.type]?.indexOf(definition.type) ?? -1
  if (usual >= 0) return LIKELIEST - usual
  const port = (from.side === 'output' ? definition.inputs : definition.outputs)[slot]
  return port?.type === '*' ? ANYTHING : 0
}

/** Returns the port of a type that fits and how likely it is meant; null for a type that fits nowhere. */
export function fitOf(
  definition: NodeDefinition,
  from: Port | undefined,
): { readonly slot: number; readonly likely: number } | null {
  if (from === undefined) return { slot: -1, likely: 0 }
  const slot = fittingPort(definition, from)
  return slot < 0 ? null : { slot, likely: likelihood(definition, slot, from) }
}
