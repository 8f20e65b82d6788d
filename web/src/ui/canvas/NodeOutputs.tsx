/** What a node shows below its fields: what is wrong, what it has so far, or its last results. */

import type { CSSProperties } from 'react'
import { columnsOf, type Picture } from '../../core/outputs'
import type { App, Viewed } from '../../state/app'
import { useApp, useKeyed, useNodeKey, useT } from '../use'
import { HEADER } from './geometry'
import { LoadedPicture } from './LoadedPicture'
import { NodeProblems } from './NodeProblems'

interface Props {
  readonly id: string
  readonly title: string
  /** Where it begins, from the node's upper edge. */
  readonly top: number
  /** The height that the node has for it. */
  readonly room: number
  readonly far: boolean
}

export function NodeOutputs({ id, title, top, room, far }: Props) {
  const app = useApp()
  const t = useT()
  const at = useNodeKey(id)
  const preview = useKeyed(app.run.preview, at)
  const output = useKeyed(app.run.output, at)
  const problems = useKeyed(app.run.problems, at) ?? []
  const { pictures = [], texts = [] } = output ?? {}
  const style = { marginTop: top - HEADER, '--room': `${room}px` } as CSSProperties
  const inner = (
    <>
      {!far && <NodeProblems at={at} problems={problems} />}
      {preview !== undefined ? (
        <img className="picture" src={preview} alt={t('node.preview', { title })} draggable={false} />
      ) : (
        <>
          <Pictures title={title} pictures={pictures} />
          {/* biome-ignore lint/suspicious/noArrayIndexKey: texts may be equal, and keep nothing of their own */}
          {!far && texts.map((text, number) => <Text key={`${number}`} text={text} />)}
          {pictures.length === 0 && <LoadedPicture id={id} />}
        </>
      )}
    </>
  )
  return (
    <div className="outputs" style={style}>
      {inner}
    </div>
  )
}

/** Returns pictures as the viewer takes them. */
export function viewed(app: App, pictures: readonly Picture[]): readonly Viewed[] {
  return pictures.map(({ file, caption }) => ({
    url: app.api.viewUrl(file),
    name: file.filename,
    caption,
    file,
  }))
}

function Pictures({ title, pictures }: { readonly title: string; readonly pictures: readonly Picture[] }) {
  const app = useApp()
  const t = useT()
  if (pictures.length === 0) return null
  const all = viewed(app, pictures)
  const style = { gridTemplateColumns: `repeat(${columnsOf(pictures.length)}, minmax(0, 1fr))` }
  return (
    <div className="results" style={style}>
      {all.length > 1 && <p className="results-count">{t('node.pictures', { n: all.length })}</p>}
      {all.map(({ url, caption }, number) => (
        <figure key={url} className="result">
          <button
            type="button"
            className="picture-button nodrag"
            onClick={() => app.dialog.set({ id: 'picture', pictures: all, at: number })}
          >
            <img
              className="picture"
              src={url}
              alt={t('node.picture', { number: number + 1, title })}
              loading="lazy"
              draggable={false}
            />
          </button>
          {caption !== '' && <figcaption title={caption}>{caption}</figcaption>}
        </figure>
      ))}
    </div>
  )
}

function Text({ text }: { readonly text: string }) {
  return (
    <pre
      className="output-text nodrag nowheel"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what is scrolled must be reached by keyboard
      tabIndex={0}
    >
      {text}
    </pre>
  )
}
