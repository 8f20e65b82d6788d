/** What a node shows below its fields: what it has so far, or its last results. */

import { useApp, useKeyed, useNodeKey, useT } from '../use'
import { HEADER } from './geometry'

interface Props {
  readonly id: string
  readonly title: string
  /** Where it begins, from the node's upper edge. */
  readonly top: number
  readonly far: boolean
}

export function NodeOutputs({ id, title, top, far }: Props) {
  const app = useApp()
  const t = useT()
  const at = useNodeKey(id)
  const preview = useKeyed(app.run.preview, at)
  const output = useKeyed(app.run.output, at)
  if (preview !== undefined) {
    return (
      <div className="outputs" style={{ marginTop: top - HEADER }}>
        <img className="picture" src={preview} alt={t('node.preview', { title })} draggable={false} />
      </div>
    )
  }
  if (output === undefined) return null
  return (
    <div
      className="outputs"
      style={{ marginTop: top - HEADER }}
      data-many={output.images.length > 1 || undefined}
    >
      {output.images.map((file, number) => {
        const url = app.api.viewUrl(file)
        const name = t('node.picture', { number: number + 1, title })
        return (
          <button
            key={url}
            type="button"
            className="picture-button nodrag"
            onClick={() => app.dialog.set({ id: 'picture', url, title: file.filename })}
          >
            <img className="picture" src={url} alt={name} loading="lazy" draggable={false} />
          </button>
        )
      })}
      {!far &&
        output.texts.map((text) => (
          <pre key={text} className="output-text nodrag nowheel">
            {text}
          </pre>
        ))}
    </div>
  )
}
