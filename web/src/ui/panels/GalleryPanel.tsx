/** The pictures that were made, the newest first: to look at, to compare, to open the workflow of. */

import { type CSSProperties, useEffect, useMemo, useState } from 'react'
import { type GalleryFile, galleryOf, keyOf } from '../../core/gallery'
import { attempt, say } from '../../state/app'
import { TILE } from '../../state/settings'
import { found } from '../find'
import { Icon } from '../Icon'
import { useApp, usePicked, useT } from '../use'
import { viewFiles } from '../viewing'

const KINDS = ['output', 'input'] as const
type Kind = (typeof KINDS)[number]

/** Jobs of the history whose words are searched. */
const REMEMBERED = 64
/** Pictures that are drawn before more are asked for. */
const PAGE = 120

export function GalleryPanel() {
  const app = useApp()
  const t = useT()
  const [kind, setKind] = useState<Kind>('output')
  const [all, setAll] = useState<readonly GalleryFile[] | null>(null)
  const [query, setQuery] = useState('')
  const [chosen, setChosen] = useState<readonly GalleryFile[]>([])
  const [most, setMost] = useState(PAGE)
  const tile = usePicked(app.settings, (settings) => settings.tile)
  const done = usePicked(app.jobs, (jobs) => jobs.own.filter((job) => job.state === 'done').length)
  // biome-ignore lint/correctness/useExhaustiveDependencies: a job that is done has made new pictures
  useEffect(() => {
    let gone = false
    void attempt(app, say(app, 'error.server'), async () => {
      const [names, history] = await Promise.all([app.api.files(kind), app.api.history(REMEMBERED)])
      if (!gone) setAll(galleryOf(names, kind, history))
    })
    return () => {
      gone = true
    }
  }, [app, kind, done])
  const shown = useMemo(
    () => found(query, all ?? [], (one) => `${one.file.filename} ${one.file.subfolder} ${one.words}`),
    [all, query],
  )
  const files = shown.map((one) => one.file)
  function choose(one: GalleryFile): void {
    const others = chosen.filter((other) => other !== one)
    setChosen(others.length < chosen.length ? others : [...others, one].slice(-2))
  }
  const [first, second] = chosen
  return (
    <>
      <input
        className="input"
        type="search"
        aria-label={t('gallery.search')}
        placeholder={t('gallery.search')}
        value={query}
        onChange={(event) => setQuery(event.target.value)}
      />
      <div className="panel-row">
        <select
          className="input short"
          aria-label={t('gallery.kind')}
          value={kind}
          onChange={(event) => {
            setKind(event.target.value as Kind)
            setChosen([])
          }}
        >
          {KINDS.map((one) => (
            <option key={one} value={one}>
              {t(`gallery.kind.${one}`)}
            </option>
          ))}
        </select>
        <input
          type="range"
          className="gallery-size"
          aria-label={t('settings.tile')}
          min={TILE.least}
          max={TILE.most}
          value={tile}
          onChange={(event) => app.settings.update((old) => ({ ...old, tile: Number(event.target.value) }))}
        />
        <button
          type="button"
          className="button"
          disabled={second === undefined}
          title={t('gallery.compareHow')}
          onClick={() => {
            if (first !== undefined && second !== undefined)
              app.dialog.set({ id: 'compare', files: [first.file, second.file] })
          }}
        >
          <Icon name="compare" />
          {t('gallery.compare')}
        </button>
      </div>
      <ul className="panel-scroll gallery" style={{ '--tile': `${tile}px` } as CSSProperties}>
        {shown.slice(0, most).map((one, at) => (
          <li key={keyOf(one.file)} className="tile" data-chosen={chosen.includes(one) || undefined}>
            <button
              type="button"
              className="tile-picture"
              title={one.file.filename}
              aria-label={t('gallery.show', { name: one.file.filename })}
              onClick={() => viewFiles(app, files, at)}
            >
              <img src={app.api.viewUrl(one.file)} alt="" loading="lazy" draggable={false} />
            </button>
            <button
              type="button"
              className="tile-choose"
              aria-pressed={chosen.includes(one)}
              aria-label={t('gallery.choose', { name: one.file.filename })}
              title={t('gallery.compareHow')}
              onClick={() => choose(one)}
            >
              <Icon name={chosen.includes(one) ? 'check' : 'compare'} />
            </button>
          </li>
        ))}
      </ul>
      {shown.length > most && (
        <button type="button" className="button" onClick={() => setMost(most + PAGE)}>
          {t('gallery.more', { n: shown.length - most })}
        </button>
      )}
      {all !== null && shown.length === 0 && (
        <p className="muted gallery-empty">{t(all.length === 0 ? 'gallery.none' : 'gallery.notFound')}</p>
      )}
    </>
  )
}
