/** Drawing what of a picture is to be made anew. Loaded when it is first opened. */

import '../style/mask.css'
import { type KeyboardEvent, useCallback, useEffect, useRef, useState } from 'react'
import type { View } from '../../core/document'
import { createDrawing, type Drawing } from '../../core/mask/drawing'
import type { Area } from '../../core/mask/raster'
import type { MaskTarget } from '../../state/shapes'
import { matches } from '../commands/keys'
import { useApp, useT } from '../use'
import { readMasked, saveMask } from './files'
import type { LayerHandle } from './Layer'
import { Stage } from './Stage'
import { type Action, Toolbar } from './Toolbar'
import { firstHand, type Hand, stepped, TOOLS } from './tools'
import { centred, fitted, zoomed } from './view'

interface Props {
  readonly target: MaskTarget
  readonly close: () => void
  /** Told whether something would be lost by closing. */
  readonly setChanged: (changed: boolean) => void
}

interface Opened {
  readonly url: string
  readonly drawing: Drawing
}

export default function MaskEditor({ target, close, setChanged }: Props) {
  const app = useApp()
  const t = useT()
  const [opened, setOpened] = useState<Opened | string | null>(null)
  const { file } = target
  useEffect(() => {
    let gone = false
    readMasked(app, file).then(
      ({ url, raster }) => gone || setOpened({ url, drawing: createDrawing(raster) }),
      (error: unknown) => gone || setOpened(error instanceof Error ? error.message : String(error)),
    )
    return () => {
      gone = true
    }
  }, [app, file])
  if (opened === null) return <p className="mask-note">{t('mask.loading')}</p>
  if (typeof opened === 'string')
    return (
      <p className="mask-note" role="alert">
        {opened}
      </p>
    )
  return <Workbench {...opened} target={target} close={close} setChanged={setChanged} />
}

function Workbench({ url, drawing, target, close, setChanged }: Opened & Props) {
  const app = useApp()
  const t = useT()
  const { raster } = drawing
  const [hand, setHand] = useState(() => firstHand(raster.width, raster.height))
  const [view, setView] = useState<View | null>(null)
  const [, setStep] = useState(0)
  const [wrong, setWrong] = useState('')
  const [saving, setSaving] = useState(false)
  const stage = useRef<HTMLDivElement>(null)
  const layer = useRef<LayerHandle>(null)
  const change = useCallback((part: Partial<Hand>) => setHand((old) => ({ ...old, ...part })), [])
  const move = useCallback(
    (to: (old: View) => View) => setView((old) => to(old ?? { x: 0, y: 0, scale: 1 })),
    [],
  )
  const changed = useCallback(() => {
    setStep((old) => old + 1)
    setChanged(drawing.isChanged())
  }, [drawing, setChanged])
  useEffect(() => stage.current?.focus(), [])

  const size = () => ({ width: stage.current?.clientWidth ?? 1, height: stage.current?.clientHeight ?? 1 })
  const zoom = (factor: number) => {
    const { width, height } = size()
    move((old) => zoomed(old, factor, { x: width / 2, y: height / 2 }))
  }
  const act = (work: () => Area) => () => {
    layer.current?.draw(work())
    changed()
  }
  async function save(): Promise<void> {
    drawing.end()
    setSaving(true)
    setWrong('')
    try {
      await saveMask(app, target, raster)
      close()
    } catch (error) {
      setSaving(false)
      setWrong(error instanceof Error ? error.message : String(error))
    }
  }

  const actions: readonly Action[] = [
    { icon: 'undo', title: 'mask.undo', keys: ['Mod+z'], enabled: drawing.canUndo(), run: act(drawing.undo) },
    {
      icon: 'redo',
      title: 'mask.redo',
      keys: ['Mod+Shift+z', 'Mod+y'],
      enabled: drawing.canRedo(),
      run: act(drawing.redo),
    },
    { icon: 'invert', title: 'mask.invert', keys: ['i'], enabled: true, run: act(drawing.invert) },
    { icon: 'clear', title: 'mask.clear', keys: ['c'], enabled: true, run: act(drawing.clear) },
    {
      icon: 'fit',
      title: 'mask.fit',
      keys: ['.'],
      enabled: true,
      run: () => move(() => fitted(raster, size())),
    },
  ]
  const more: readonly Pick<Action, 'keys' | 'run'>[] = [
    ...TOOLS.map(({ id, key }) => ({ keys: [key], run: () => change({ tool: id }) })),
    { keys: ['['], run: () => change({ size: stepped(hand.size, false) }) },
    { keys: [']'], run: () => change({ size: stepped(hand.size, true) }) },
    { keys: ['+', '='], run: () => zoom(1.25) },
    { keys: ['-'], run: () => zoom(0.8) },
    { keys: ['0'], run: () => move(() => centred(raster, size(), 1)) },
    { keys: ['Mod+s', 'Mod+Enter'], run: () => void save() },
  ]
  function onKeyDown(event: KeyboardEvent): void {
    if (event.defaultPrevented || saving) return
    const found = [...actions, ...more].find((one) =>
      one.keys.some((keys) => matches(event.nativeEvent, keys)),
    )
    if (found === undefined) return
    event.preventDefault()
    found.run()
  }

  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: keys of all that is inside
    <div className="mask" onKeyDown={onKeyDown}>
      <Toolbar hand={hand} change={change} actions={actions} />
      <Stage
        url={url}
        title={target.file.filename}
        drawing={drawing}
        hand={hand}
        change={change}
        view={view}
        setView={move}
        stage={stage}
        layer={layer}
        changed={changed}
      />
      <footer className="mask-footer">
        <p id="mask-hint" className="mask-hint">
          {t('mask.hint')}
        </p>
        {wrong !== '' && (
          <p className="mask-wrong" role="alert">
            {t('mask.failed', { why: wrong })}
          </p>
        )}
        <span className="mask-zoom">{t('status.zoom', { n: Math.round((view?.scale ?? 1) * 100) })}</span>
        <button type="button" className="button primary" disabled={saving} onClick={() => void save()}>
          {t('mask.save')}
        </button>
      </footer>
    </div>
  )
}
