/** A workflow as a form: the fields that it exposes, a button to run it, and what came out. */

import { useRef, useSyncExternalStore } from 'react'
import { type ExposedField, exposedFields, usualFields } from '../../core/exposedFields'
import { writeDocument } from '../../core/files/writing'
import { attempt, say, toast } from '../../state/app'
import { isBusy } from '../../state/jobs'
import { linkOf } from '../../state/links'
import type { Tab } from '../../state/tabs'
import { commandOf, perform } from '../commands/table'
import { Icon } from '../Icon'
import { useActiveTab, useApp, usePicked, useStore, useT } from '../use'
import { FormField } from './FormField'
import { FormResults } from './FormResults'

export function FormView() {
  const tab = useActiveTab()
  return tab === undefined ? null : <Form key={tab.id} tab={tab} />
}

/** What is written comes before what is turned. */
function textsFirst(fields: readonly ExposedField[]): readonly ExposedField[] {
  const isText = ({ shown }: ExposedField) => {
    const widget = shown.field.input?.widget
    return widget?.kind === 'text' && widget.multiline
  }
  return [...fields.filter(isText), ...fields.filter((one) => !isText(one))]
}

function Form({ tab }: { readonly tab: Tab }) {
  const app = useApp()
  const t = useT()
  const results = useRef<HTMLElement>(null)
  const definitions = useStore(app.definitions)
  const busy = usePicked(app.jobs, (jobs) => isBusy(jobs, tab.id))
  const { document } = tab.edited
  const chosen = exposedFields(document, definitions)
  const fields = textsFirst(chosen.length > 0 ? chosen : usualFields(document, definitions))
  const { problems } = app.run
  const all = useSyncExternalStore(problems.subscribeAll, problems.all)
  const told = [...all].filter(([at]) => at.startsWith(`${tab.id}/`)).flatMap(([, list]) => list)
  const elsewhere = told.filter((one) => !fields.some(({ runs }) => runs.input === one.input))

  async function copyLink(): Promise<void> {
    await attempt(app, say(app, 'error.link'), async () => {
      const name = tab.name ?? t('tabs.untitled')
      const link = new URL(location.href)
      link.hash = await linkOf({ name, text: writeDocument(document), face: 'form' })
      await navigator.clipboard.writeText(link.href)
      toast(app, 'good', say(app, 'form.linkCopied'))
    })
  }
  return (
    <div className="form">
      <section className="form-side" aria-label={t('form.fields')}>
        <header className="form-header">
          <h2>{tab.name ?? t('tabs.untitled')}</h2>
          <button
            type="button"
            className="button quiet square"
            aria-label={t('form.copyLink')}
            title={t('form.copyLink')}
            onClick={() => void copyLink()}
          >
            <Icon name="link" />
          </button>
          <button
            type="button"
            className="button quiet square"
            aria-label={t('form.choose')}
            title={t('form.choose')}
            onClick={() => app.dialog.set({ id: 'exposing' })}
          >
            <Icon name="pencil" />
          </button>
        </header>
        <div className="form-fields">
          {chosen.length === 0 && fields.length > 0 && <p className="muted">{t('form.usual')}</p>}
          {fields.map((one) => (
            <FormField key={`${one.runs.node}/${one.runs.input}`} tab={tab} field={one} />
          ))}
          {fields.length === 0 && <p className="muted">{t('form.none')}</p>}
          {elsewhere.map((one) => (
            <p key={`${one.input}${one.message}`} className="form-problem" role="alert">
              {one.message}
            </p>
          ))}
        </div>
        <footer className="form-footer">
          {busy && (
            <button type="button" className="button" onClick={() => perform(app, commandOf('run.cancel'))}>
              <Icon name="stop" />
              {t('run.cancel')}
            </button>
          )}
          <button
            type="button"
            className="button primary form-run"
            onClick={() => {
              perform(app, commandOf('run.queue'))
              results.current?.scrollIntoView({ block: 'nearest' }) // on a phone they are below
            }}
          >
            <Icon name="play" />
            {t('run.run')}
          </button>
        </footer>
      </section>
      <FormResults tab={tab} ref={results} />
    </div>
  )
}
