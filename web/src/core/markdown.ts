/** The part of Markdown that notes are written in, as a tree of values: nothing here becomes HTML. */

export type Inline =
  | { readonly kind: 'text' | 'code'; readonly text: string }
  | { readonly kind: 'strong' | 'em' | 'strike'; readonly parts: readonly Inline[] }
  | { readonly kind: 'link'; readonly url: string; readonly parts: readonly Inline[] }

export type Block =
  | { readonly kind: 'heading'; readonly level: number; readonly parts: readonly Inline[] }
  | { readonly kind: 'paragraph' | 'quote'; readonly parts: readonly Inline[] }
  | { readonly kind: 'code'; readonly text: string }
  | { readonly kind: 'list'; readonly ordered: boolean; readonly items: readonly (readonly Inline[])[] }
  | { readonly kind: 'rule' }

/** Inlines inside of inlines that are read; deeper ones stay text. */
const DEEPEST = 8

const ITEM = /^\s{0,3}(?:([-*+])|(\d{1,9})[.)])\s+(.*)$/
const HEADING = /^\s{0,3}(#{1,6})\s+(.*?)\s*#*\s*$/
const RULE = /^\s{0,3}([-*_])(?:\s*\1){2,}\s*$/
const FENCE = /^\s{0,3}(```|~~~)/
const QUOTE = /^\s{0,3}>\s?(.*)$/

export function readMarkdown(text: string): readonly Block[] {
  const lines = text.replace(/\r\n?/g, '\n').split('\n')
  const blocks: Block[] = []
  let at = 0
  /** Takes lines while they go on with what has begun. */
  function taken(goesOn: (line: string) => string | null): string[] {
    const found: string[] = []
    for (let line = lines[at]; line !== undefined; line = lines[at]) {
      const part = goesOn(line)
      if (part === null) break
      found.push(part)
      at += 1
    }
    return found
  }
  while (at < lines.length) {
    const line = lines[at] ?? ''
    const fence = FENCE.exec(line)?.[1]
    const heading = HEADING.exec(line)
    const item = ITEM.exec(line)
    if (line.trim() === '') at += 1
    else if (fence !== undefined) {
      at += 1
      const code = taken((one) => (one.trim().startsWith(fence) ? null : one))
      at += 1
      blocks.push({ kind: 'code', text: code.join('\n') })
    } else if (heading !== null) {
      at += 1
      blocks.push({ kind: 'heading', level: heading[1]?.length ?? 1, parts: readInline(heading[2] ?? '') })
    } else if (RULE.test(line)) {
      at += 1
      blocks.push({ kind: 'rule' })
    } else if (QUOTE.test(line)) {
      const quoted = taken((one) => QUOTE.exec(one)?.[1] ?? null)
      blocks.push({ kind: 'quote', parts: readInline(quoted.join('\n')) })
    } else if (item !== null) {
      const ordered = item[2] !== undefined
      const items = taken((one) => {
        const found = ITEM.exec(one)
        return found !== null && (found[2] !== undefined) === ordered ? (found[3] ?? '') : null
      })
      blocks.push({ kind: 'list', ordered, items: items.map((one) => readInline(one)) })
    } else {
      const first = at
      const plain = taken((one) =>
        one.trim() === '' ||
        (at > first && [FENCE, HEADING, RULE, QUOTE, ITEM].some((sign) => sign.test(one)))
          ? null
          : one,
      )
      blocks.push({ kind: 'paragraph', parts: readInline(plain.join('\n')) })
    }
  }
  return blocks
}

const INLINE =
  /(`+)([^`]|[^`][\s\S]*?[^`])\1(?!`)|\*\*(?=\S)([\s\S]*?\S)\*\*|__(?=\S)([\s\S]*?\S)__|~~(?=\S)([\s\S]*?\S)~~|\*(?=\S)([^*]*[^*\s])\*|(?<![\p{L}\p{N}])_(?=\S)([^_]*[^_\s])_(?![\p{L}\p{N}])|!?\[([^\]\n]*)\]\(\s*([^\s)]+)[^)]*\)|(https?:\/\/[^\s<>()]*[^\s<>().,;:!?'"])/u

export function readInline(text: string, depth = 0): readonly Inline[] {
  const parts: Inline[] = []
  let rest = text
  for (let found = depth < DEEPEST ? INLINE.exec(rest) : null; found !== null; found = INLINE.exec(rest)) {
    if (found.index > 0) parts.push({ kind: 'text', text: rest.slice(0, found.index) })
    parts.push(inlineOf(found, depth))
    rest = rest.slice(found.index + found[0].length)
  }
  if (rest !== '') parts.push({ kind: 'text', text: rest })
  return parts
}

function inlineOf(found: RegExpExecArray, depth: number): Inline {
  const [whole, , code, strong, bold, strike, em, italic, label, url, bare] = found
  if (code !== undefined) return { kind: 'code', text: code.trim() }
  if (strong !== undefined || bold !== undefined)
    return { kind: 'strong', parts: readInline(strong ?? bold ?? '', depth + 1) }
  if (strike !== undefined) return { kind: 'strike', parts: readInline(strike, depth + 1) }
  if (em !== undefined || italic !== undefined)
    return { kind: 'em', parts: readInline(em ?? italic ?? '', depth + 1) }
  const target = url ?? bare ?? ''
  if (!safe(target)) return { kind: 'text', text: whole }
  const parts: readonly Inline[] =
    label === undefined ? [{ kind: 'text', text: target }] : readInline(label || target, depth + 1)
  return { kind: 'link', url: target, parts }
}

/** Only addresses of pages and mail: no scripts, no data. */
function safe(url: string): boolean {
  return /^(https?:\/\/|mailto:)/i.test(url)
}
