/** Which hue a type of port has. Lightness and chroma are the theme's (`tokens.css`), so all hues read in both. */

/** Degrees of OKLCH; far from each other where types meet in one node. */
const HUES: Readonly<Record<string, number>> = {
  MODEL: 295,
  CLIP: 95,
  VAE: 20,
  CONDITIONING: 55,
  LATENT: 335,
  IMAGE: 250,
  MASK: 155,
  INT: 205,
  FLOAT: 190,
  STRING: 125,
  BOOLEAN: 225,
  CONTROL_NET: 170,
  CLIP_VISION: 265,
  CLIP_VISION_OUTPUT: 275,
  STYLE_MODEL: 75,
  SAMPLER: 5,
  SIGMAS: 40,
  NOISE: 220,
  GUIDER: 110,
  UPSCALE_MODEL: 315,
}

/** Types that say nothing of what they carry have no colour. */
const GREY: ReadonlySet<string> = new Set(['*', 'COMBO', ''])

/** Returns the hue of a type; null for grey. The same type has the same hue everywhere, known or not. */
export function hueOf(type: string): number | null {
  const [first = ''] = type.toUpperCase().split(',')
  if (GREY.has(first)) return null
  const known = Object.hasOwn(HUES, first) ? HUES[first] : undefined
  return known ?? [...first].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) % 360, 7)
}

/** Returns the colour of a type as CSS says it. */
export function colourOf(type: string): string {
  const hue = hueOf(type)
  return `oklch(var(--port-lightness) ${hue === null ? '0.012' : 'var(--port-chroma)'} ${hue ?? 260})`
}
