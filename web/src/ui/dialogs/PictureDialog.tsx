/** Results as large as the window allows, one after the other: with keys, wheel and hand. */

import { type KeyboardEvent, useCallback, useEffect, useLayoutEffect, useRef, useState } from 'react'
import type { FileRef } from '../../core/api/shapes'
import { attempt, say, toast } from '../../state/app'
import { openPicture } from '../../state/opening'
import { copyPicture } from '../copyPicture'
import { Icon, type IconName } from '../Icon'
import { useApp, useT } from '../use'
import { Modal } from './Modal'
import type { DialogProps } from './props'
import { usePictureHand } from './usePictureHand'

/** Larger than this, a picture's points are shown as they are. */
const CRISP = 3
const [LEAST, MOST, STEP] = [0.05, 32, 1.25]

export function PictureDialog({ dialog, close }: DialogProps<'picture'>) {
  const app = useApp()
  const t = useT()
  const { pictures } = dialog
  const [at, setAt] = useState(dialog.at)
  /** Null for as large as fits. */
  const [scale, setScale] = useState<number | null>(null)
  const stage = useRef<HTMLElement>(null)
  const image = useRef<HTMLImageElement>(null)
  /** What was in the middle before the last zoom, as parts of the whole. */
  const middle = useRef<readonly [number, number]>([0.5, 0.5])
  const shown = pictures[at]

  // biome-ignore lint/correctness/useExhaustiveDependencies: a zoom is what moves it
  useLayoutEffect(() => {
    const box = stage.current
    if (box === null) return
    const [x, y] = middle.current
    box.scrollTo(x * box.scrollWidth - box.clientWidth / 2, y * box.scrollHeight - box.clientHeight / 2)
  }, [scale])

  const zoom = useCallback((factor: number) => {
    const fitted = () => {
      const img = image.current
      return img === null || img.naturalWidth === 0 ? 1 : img.getBoundingClientRect().width / img.naturalWidth
    }
    const box = stage.current
    if (box !== null) middle.current = middleOf(box)
    setScale((old) => Math.min(MOST, Math.max(LEAST, (old ?? fitted()) * factor)))
  }, [])
  useEffect(() => {
    const box = stage.current
    box?.focus()
    const wheel = (event: WheelEvent) => {
      event.preventDefault()
      zoom(event.deltaY < 0 ? STEP : 1 / STEP)
    }
    box?.addEventListener('wheel', wheel, { passive: false })
    return () => box?.removeEventListener('wheel', wheel)
  }, [zoom])

  function go(to: number): void {
    setAt(Math.min(pictures.length - 1, Math.max(0, to)))
    setScale(null)
  }
  function onKeyDown(event: KeyboardEvent): void {
    const keys: Readonly<Record<string, () => void>> = {
      ArrowLeft: () => go(at - 1),
      ArrowRight: () => go(at + 1),
      Home: () => go(0),
      End: () => go(pictures.length - 1),
      '+': () => zoom(STEP),
      '=': () => zoom(STEP),
      '-': () => zoom(1 / STEP),
      '0': () => setScale(null),
    }
    const act = event.ctrlKey || event.metaKey || event.altKey ? undefined : keys[event.key]
    if (act === undefined) return
    act()
    event.preventDefault()
  }
  const hand = usePictureHand({ zoomed: scale !== null, zoom, next: (by) => go(at + by) })
  if (shown === undefined) return null
  const { url, name, caption } = shown
  const label = t('viewer.label', { name, number: at + 1, count: pictures.length })
  const width = scale === null ? undefined : Math.round(scale * (image.current?.naturalWidth ?? 0))
  return (
    <Modal title={label} close={close} className="viewer">
      {/* biome-ignore lint/a11y/noStaticElementInteractions: the keys are told below, and each is a button, too */}
      <div className="viewer-box" onKeyDown={onKeyDown}>
        <section
          className="viewer-stage"
          ref={stage}
          // biome-ignore lint/a11y/noNoninteractiveTabindex: it is scrolled, and takes the keys
          tabIndex={0}
          aria-label={label}
          data-zoomed={scale !== null || undefined}
          {...hand}
          onDoubleClick={() => setScale(scale === null ? 1 : null)}
        >
          <img
            key={url}
            ref={image}
            src={url}
            alt={caption || name}
            draggable={false}
            data-crisp={(scale ?? 0) > CRISP || undefined}
            style={width === undefined ? undefined : { width }}
          />
        </section>
        {caption !== '' && <p className="viewer-caption">{caption}</p>}
        <div className="viewer-bar">
          <Tool icon="left" title={t('viewer.previous')} off={at === 0} act={() => go(at - 1)} />
          <Tool
            icon="right"
            title={t('viewer.next')}
            off={at === pictures.length - 1}
            act={() => go(at + 1)}
          />
          <Tool icon="minus" title={t('viewer.smaller')} act={() => zoom(1 / STEP)} />
          <Tool icon="add" title={t('viewer.larger')} act={() => zoom(STEP)} />
          <Tool icon="fit" title={t('viewer.fit')} act={() => setScale(null)} />
          <span className="viewer-keys">{t('viewer.keys')}</span>
          <FromServer file={shown.file} next={pictures[at + 1]?.file} close={close} />
          <button
            type="button"
            className="button"
            onClick={() =>
              void attempt(app, say(app, 'error.unforeseen'), async () => {
                await copyPicture(url)
                toast(app, 'good', t('viewer.copied'))
              })
            }
          >
            {t('viewer.copy')}
          </button>
          <a className="button" href={url} target="_blank" rel="noreferrer">
            {t('viewer.open')}
          </a>
          <a className="button" href={url} download={name}>
            {t('viewer.save')}
          </a>
        </div>
      </div>
    </Modal>
  )
}

interface FromServerProps {
  readonly file: FileRef | undefined
  readonly next: FileRef | undefined
  readonly close: () => void
}

/** What can be done with a picture that lies on the server. */
function FromServer({ file, next, close }: FromServerProps) {
  const app = useApp()
  const t = useT()
  if (file === undefined) return null
  return (
    <>
      {next !== undefined && (
        <button
          type="button"
          className="button"
          onClick={() => app.dialog.set({ id: 'compare', files: [file, next] })}
        >
          {t('gallery.compareNext')}
        </button>
      )}
      <button
        type="button"
        className="button"
        onClick={() => {
          close()
          void openPicture(app, file)
        }}
      >
        {t('gallery.open')}
      </button>
    </>
  )
}

const middleOf = (box: HTMLElement): readonly [number, number] => [
  (box.scrollLeft + box.clientWidth / 2) / box.scrollWidth,
  (box.scrollTop + box.clientHeight / 2) / box.scrollHeight,
]

interface ToolProps {
  readonly icon: IconName
  readonly title: string
  readonly act: () => void
  readonly off?: boolean
}

function Tool({ icon, title, act, off = false }: ToolProps) {
  return (
    <button
      type="button"
      className="button quiet square"
      aria-label={title}
      title={title}
      disabled={off}
      onClick={act}
    >
      <Icon name={icon} />
    </button>
  )
}
