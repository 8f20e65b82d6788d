/** The workflows that come with inkloom: what each makes, and which models it needs. */

import { useEffect, useMemo, useState } from 'react'
import type { Template } from '../../core/api/shapes'
import type { Document } from '../../core/document'
import { readWorkflow } from '../../core/files/detecting'
import { neededModels } from '../../core/models'
import { attempt, say } from '../../state/app'
import { openTemplate } from '../../state/opening'
import { found } from '../find'
import { useApp, useStore, useT } from '../use'

export function TemplatesPanel() {
  const app = useApp()
  const t = useT()
  const [templates, setTemplates] = useState<readonly Template[] | null>(null)
  const [query, setQuery] = useState('')
  useEffect(() => {
    void attempt(app, say(app, 'error.server'), async () => {
      setTemplates((await app.api.templates()).flatMap((group) => group.templates))
    })
  }, [app])
  if (templates === null) return <p className="muted">{t('panel.templates.loading')}</p>
  const shown = found(query, templates, (one) => `${titleOf(one)} ${one.description ?? ''}`)
  return (
    <>
      <input
        className="input"
        type="search"
        aria-label={t('templates.search')}
        placeholder={t('templates.search')}
        value={query}
        onChange={(event) => setQuery(event.target.value)}
      />
      <ul className="panel-scroll cards">
        {shown.map((one) => (
          <Card key={one.name} template={one} />
        ))}
        {shown.length === 0 && <li className="muted">{t('templates.none')}</li>}
      </ul>
    </>
  )
}

const titleOf = ({ title, name }: Template): string => title ?? name.replaceAll('_', ' ')

function Card({ template }: { readonly template: Template }) {
  const app = useApp()
  const t = useT()
  const definitions = useStore(app.definitions)
  const [document, setDocument] = useState<Document | null>(null)
  const { name, description } = template
  useEffect(() => {
    let gone = false
    const read = async () => {
      const made = readWorkflow(await app.api.template(name), app.definitions.get()).document
      if (!gone) setDocument(made)
    }
    read().catch(() => undefined) // the card can be read without; opening it tells what is wrong
    return () => {
      gone = true
    }
  }, [app, name])
  const missing = useMemo(
    () => (document === null ? [] : neededModels(document, definitions).filter((one) => !one.present)),
    [document, definitions],
  )
  return (
    <li>
      <button
        type="button"
        className="card"
        aria-label={titleOf(template)}
        onClick={() => attempt(app, say(app, 'error.server'), () => openTemplate(app, name))}
      >
        <img className="card-picture" src={app.api.templatePicture(name)} alt="" width="256" height="256" />
        <span className="card-text">
          <strong>{titleOf(template)}</strong>
          {description !== undefined && <span className="card-note">{description}</span>}
          {missing.length > 0 && (
            <span className="card-needs">
              {t('templates.needs', { names: missing.map((one) => one.name).join(', ') })}
            </span>
          )}
        </span>
      </button>
    </li>
  )
}
