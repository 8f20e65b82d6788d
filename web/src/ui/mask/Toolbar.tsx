/** The tools of the mask editor. */

import type { MessageKey } from '../../i18n'
import { Keys } from '../frame/CommandMenu'
import { Icon, type IconName } from '../Icon'
import { useT } from '../use'
import { COLOURS, type Colour, type Hand, SIZE_STEPS, sizeOf, sizeStep, TOOLS } from './tools'

export interface Action {
  readonly title: MessageKey
  readonly icon: IconName
  /** As in the table of commands. */
  readonly keys: readonly string[]
  readonly enabled: boolean
  readonly run: () => void
}

interface Props {
  readonly hand: Hand
  readonly change: (part: Partial<Hand>) => void
  readonly actions: readonly Action[]
}

export function Toolbar({ hand, change, actions }: Props) {
  const t = useT()
  return (
    <div className="mask-tools">
      <div className="mask-group" role="radiogroup" aria-label={t('mask.tools')}>
        {TOOLS.map(({ id, title, icon, key }) => (
          <label key={id} className="mask-tool" title={`${t(title)} (${key.toUpperCase()})`}>
            <input
              type="radio"
              className="sr-only"
              name="mask-tool"
              checked={hand.tool === id}
              onChange={() => change({ tool: id })}
            />
            <Icon name={icon} />
            {t(title)}
          </label>
        ))}
      </div>
      <div className="mask-group mask-sliders">
        <Slider
          label={t('mask.size')}
          value={sizeStep(hand.size)}
          most={SIZE_STEPS}
          said={t('mask.pixels', { n: hand.size })}
          change={(step) => change({ size: sizeOf(step) })}
        />
        <Percent
          label={t('mask.hardness')}
          value={hand.hardness}
          change={(hardness) => change({ hardness })}
        />
        <Percent
          label={t('mask.opacity')}
          value={hand.opacity}
          least={5}
          change={(opacity) => change({ opacity })}
        />
      </div>
      <div className="mask-group mask-sliders">
        <Percent
          label={t('mask.cover')}
          value={hand.cover}
          least={10}
          change={(cover) => change({ cover })}
        />
        <div className="mask-colours" role="radiogroup" aria-label={t('mask.colour')}>
          {(Object.keys(COLOURS) as Colour[]).map((colour) => (
            <label
              key={colour}
              className="mask-colour"
              data-colour={colour}
              title={t(`mask.colour.${colour}`)}
            >
              <input
                type="radio"
                className="sr-only"
                name="mask-colour"
                aria-label={t(`mask.colour.${colour}`)}
                checked={hand.colour === colour}
                onChange={() => change({ colour })}
              />
            </label>
          ))}
        </div>
      </div>
      <div className="mask-group mask-actions">
        {actions.map(({ title, icon, keys, enabled, run }) => (
          <button
            key={title}
            type="button"
            className="button quiet mask-action"
            disabled={!enabled}
            onClick={run}
          >
            <Icon name={icon} />
            {t(title)}
            <Keys keys={keys[0]} />
          </button>
        ))}
      </div>
    </div>
  )
}

interface SliderProps {
  readonly label: string
  readonly value: number
  readonly most: number
  readonly least?: number
  readonly said: string
  readonly change: (value: number) => void
}

function Slider({ label, value, most, least = 0, said, change }: SliderProps) {
  return (
    <label className="mask-slider">
      <span>{label}</span>
      <output>{said}</output>
      <input
        type="range"
        min={least}
        max={most}
        value={value}
        aria-label={label}
        aria-valuetext={said}
        onChange={(event) => change(Number(event.target.value))}
      />
    </label>
  )
}

function Percent({ value, change, ...props }: Omit<SliderProps, 'most' | 'said'>) {
  const percent = Math.round(value * 100)
  return (
    <Slider
      {...props}
      value={percent}
      most={100}
      said={`${percent}%`}
      change={(next) => change(next / 100)}
    />
  )
}
