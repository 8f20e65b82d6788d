/** Sums as people type them into a field for a number: "512*2", "(64+8)/2". */

const SIGNS = /\d+\.?\d*(?:e[-+]?\d+)?|\.\d+|\S/gi

/** Returns what a sum of + - * / and brackets makes; undefined for a text that is none, or makes no number. */
function sumOf(text: string): number | undefined {
  const signs = [...text.matchAll(SIGNS)].map(([sign]) => sign)
  let at = 0
  const is = (sign: string): boolean => signs[at] === sign && ++at > 0

  function whole(): number {
    let sum = product()
    for (;;) {
      if (is('+')) sum += product()
      else if (is('-')) sum -= product()
      else return sum
    }
  }
  function product(): number {
    let result = single()
    for (;;) {
      if (is('*')) result *= single()
      else if (is('/')) result /= single()
      else return result
    }
  }
  function single(): number {
    if (is('-')) return -single()
    if (is('(')) {
      const inner = whole()
      return is(')') ? inner : Number.NaN
    }
    const sign = signs[at] ?? ''
    at += 1
    return /^[\d.]/.test(sign) ? Number(sign) : Number.NaN
  }

  const made = whole()
  return at === signs.length && Number.isFinite(made) ? made : undefined
}

/** Returns a text with the sum that it is worked out; one that is no sum as it is, however many digits it has. */
export function workedOut(text: string): string {
  if (!/[\d.)]\s*[-+*/]/.test(text)) return text
  const sum = sumOf(text.replaceAll(',', '.'))
  return sum === undefined ? text : String(sum)
}
