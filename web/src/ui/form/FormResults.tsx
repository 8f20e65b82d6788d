/** What the form's workflow has made, or has so far. */

import { type Ref, useSyncExternalStore } from 'react'
import { keyOf } from '../../core/gallery'
import { runningJob } from '../../state/jobs'
import { key } from '../../state/run'
import type { Tab } from '../../state/tabs'
import { useApp, useKeyed, usePicked, useT } from '../use'
import { viewFiles } from '../viewing'

interface Props {
  readonly tab: Tab
  readonly ref: Ref<HTMLElement>
}

export function FormResults({ tab, ref }: Props) {
  const app = useApp()
  const t = useT()
  const { output, preview } = app.run
  const outputs = useSyncExternalStore(output.subscribeAll, output.all)
  const previews = useSyncExternalStore(preview.subscribeAll, preview.all)
  const own = (at: string) => at.startsWith(`${tab.id}/`)
  const shown = [...outputs].filter(([at]) => own(at)).map(([, one]) => one)
  const files = shown.flatMap((one) => one.pictures.map((picture) => picture.file))
  const sketch = [...previews].find(([at]) => own(at))?.[1]
  const nothing = files.length === 0 && sketch === undefined && shown.every((one) => one.texts.length === 0)
  return (
    <section
      className="form-results"
      ref={ref}
      aria-label={t('form.results')}
      data-many={files.length > 1 || undefined}
    >
      <Progress tab={tab} />
      {nothing && <p className="muted form-empty">{t('form.nothing')}</p>}
      {sketch !== undefined ? (
        <img className="form-picture" src={sketch} alt={t('form.preview')} />
      ) : (
        files.map((file, at) => (
          <button
            key={keyOf(file)}
            type="button"
            className="form-result"
            onClick={() => viewFiles(app, files, at)}
          >
            <img className="form-picture" src={app.api.viewUrl(file)} alt={t('form.result', { n: at + 1 })} />
          </button>
        ))
      )}
      {shown
        .flatMap((one) => one.texts)
        .map((text) => (
          <pre key={text} className="form-text">
            {text}
          </pre>
        ))}
    </section>
  )
}

function Progress({ tab }: { readonly tab: Tab }) {
  const app = useApp()
  const t = useT()
  const job = usePicked(app.jobs, runningJob)
  const progress = useKeyed(app.run.progress, key(tab.id, job?.node ?? ''))
  if (job?.tab !== tab.id) return null
  const part = progress !== undefined && progress.total > 1 ? progress : undefined
  return (
    <progress
      className="form-progress"
      aria-label={t('form.progress')}
      {...(part === undefined ? {} : { value: part.done, max: part.total })}
    />
  )
}
