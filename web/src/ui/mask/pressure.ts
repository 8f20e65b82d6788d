/** How hard a pen or a finger presses. */

/** The part of its size that a brush has where nothing presses on it. */
const LIGHTEST = 0.2

/**
 * Returns the part of its size that a brush has: all of it for a mouse, and for devices that don't feel pressure,
 * which say a half, or everything.
 */
export function pressureOf({
  pointerType,
  pressure,
}: Pick<PointerEvent, 'pointerType' | 'pressure'>): number {
  const felt = pointerType !== 'mouse' && pressure > 0 && pressure !== 0.5 && pressure < 1
  return felt ? LIGHTEST + (1 - LIGHTEST) * pressure : 1
}
