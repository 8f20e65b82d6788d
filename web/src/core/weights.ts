/** Weights in prompts: "(word:1.1)" made stronger or weaker where the cursor stands. */

export interface Selected {
  readonly text: string
  readonly start: number
  readonly end: number
}

const WEIGHTED = /^\(([\s\S]*):\s*([+-]?\d+(?:\.\d+)?)\)$/
const STEP = 0.05

/**
 * Changes the weight of what is selected, or of the word at the cursor, by a step up or down. What lies in
 * brackets already gets another weight; at 1 the brackets go.
 */
export function reweighted(given: Selected, direction: 1 | -1, step = STEP): Selected {
  const around = bracketsAround(given)
  const { start, end } = around ?? chosen(given)
  if (start === end) return given
  const piece = given.text.slice(start, end)
  const found = WEIGHTED.exec(piece)
  const inner = found?.[1] ?? piece
  const weight = Math.round((Number(found?.[2] ?? 1) + direction * step) * 100) / 100
  const written = weight === 1 ? inner : `(${inner}:${weight})`
  return {
    text: given.text.slice(0, start) + written + given.text.slice(end),
    start: weight === 1 ? start : start + 1,
    end: (weight === 1 ? start : start + 1) + inner.length,
  }
}

interface Span {
  readonly start: number
  readonly end: number
}

/** What is selected without blanks at its ends, or the word at the cursor. */
function chosen({ text, start, end }: Selected): Span {
  if (start !== end) {
    const piece = text.slice(start, end)
    const from = start + (piece.length - piece.trimStart().length)
    return { start: from, end: Math.max(from, end - (piece.length - piece.trimEnd().length)) }
  }
  const word = /[^\s,.;:|{}()<>[\]"\\/]/
  let from = start
  let to = end
  while (from > 0 && word.test(text.charAt(from - 1))) from -= 1
  while (to < text.length && word.test(text.charAt(to))) to += 1
  return { start: from, end: to }
}

/** The innermost weighted brackets that hold the selection; escaped ones are text. */
function bracketsAround({ text, start, end }: Selected): Span | undefined {
  let depth = 0
  for (let at = start; at >= 0; at -= 1) {
    if (isEscaped(text, at)) continue
    const letter = text.charAt(at)
    if (letter === ')' && at < start) depth += 1
    if (letter !== '(') continue
    if (depth > 0) depth -= 1
    else {
      const close = closing(text, at)
      const inside = close !== undefined && close >= end && WEIGHTED.test(text.slice(at, close + 1))
      if (inside) return { start: at, end: close + 1 }
    }
  }
  return undefined
}

function closing(text: string, open: number): number | undefined {
  let depth = 0
  for (let at = open; at < text.length; at += 1) {
    if (isEscaped(text, at)) continue
    if (text.charAt(at) === '(') depth += 1
    if (text.charAt(at) === ')') {
      depth -= 1
      if (depth === 0) return at
    }
  }
  return undefined
}

function isEscaped(text: string, at: number): boolean {
  let slashes = 0
  while (text.charAt(at - 1 - slashes) === '\\') slashes += 1
  return slashes % 2 === 1
}
