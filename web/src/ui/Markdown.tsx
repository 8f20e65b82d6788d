/** Markdown as React elements; links open elsewhere. */

import { createElement, Fragment, type ReactNode, useMemo } from 'react'
import { type Block, type Inline, readMarkdown } from '../core/markdown'

export function Markdown({ text }: { readonly text: string }) {
  const blocks = useMemo(() => readMarkdown(text), [text])
  return <div className="markdown">{keyed(blocks.map(blockOf))}</div>
}

/** They stay in their order: their numbers are what they are known by. */
const keyed = (all: readonly ReactNode[]): readonly ReactNode[] =>
  all.map((one, at) => createElement(Fragment, { key: at }, one))

function blockOf(block: Block): ReactNode {
  switch (block.kind) {
    case 'heading':
      // The page has its own headings: those of a note come below them.
      return createElement(`h${Math.min(6, block.level + 2)}`, {}, inlines(block.parts))
    case 'paragraph':
      return <p>{inlines(block.parts)}</p>
    case 'quote':
      return <blockquote>{inlines(block.parts)}</blockquote>
    case 'code':
      return <pre>{block.text}</pre>
    case 'rule':
      return <hr />
    case 'list':
      return createElement(
        block.ordered ? 'ol' : 'ul',
        {},
        keyed(block.items.map((item) => <li key="item">{inlines(item)}</li>)),
      )
  }
}

const inlines = (parts: readonly Inline[]): readonly ReactNode[] => keyed(parts.map(inlineOf))

const TAGS = { strong: 'strong', em: 'em', strike: 's' } as const

function inlineOf(part: Inline): ReactNode {
  switch (part.kind) {
    case 'text':
      return part.text
    case 'code':
      return <code>{part.text}</code>
    case 'link':
      return (
        <a href={part.url} target="_blank" rel="noreferrer noopener">
          {inlines(part.parts)}
        </a>
      )
    default:
      return createElement(TAGS[part.kind], {}, inlines(part.parts))
  }
}
