/** What is in memory: models by device, and the caches of results. */

import { useEffect } from 'react'
import type { Residency, ResidentModel } from '../../core/api/shapes'
import { bytesText } from '../../core/measures'
import { freeMemory, watchMemory } from '../../state/memory'
import { colourOf } from '../canvas/colours'
import { useApp, useStore, useT } from '../use'

export function MemoryDock() {
  const app = useApp()
  const t = useT()
  const memory = useStore(app.memory)
  useEffect(() => watchMemory(app), [app])
  if (memory === null) return <p className="dock-empty">{t('memory.loading')}</p>
  return (
    <div className="memory">
      <div className="memory-devices">
        {memory.devices.map((device) => (
          <Device key={device.name} device={device} models={memory.models} />
        ))}
        {memory.models.length === 0 ? (
          <p className="muted">{t('memory.empty')}</p>
        ) : (
          <ul className="memory-models">
            {memory.models.map((model) => (
              <Model key={`${model.device}/${model.name}`} model={model} />
            ))}
          </ul>
        )}
      </div>
      <div className="memory-side">
        {memory.cache.map((tier) => (
          <Tier key={tier.name} tier={tier} />
        ))}
        <div className="memory-actions">
          <button type="button" className="button" onClick={() => void freeMemory(app, false)}>
            {t('memory.free.models')}
          </button>
          <button type="button" className="button" onClick={() => void freeMemory(app, true)}>
            {t('memory.free.all')}
          </button>
        </div>
      </div>
    </div>
  )
}

function Device({
  device,
  models,
}: {
  readonly device: Residency['devices'][number]
  readonly models: readonly ResidentModel[]
}) {
  const t = useT()
  const budget = device.budget_bytes ?? device.total_bytes ?? device.used_bytes
  const [used, whole] = [bytesText(device.used_bytes), bytesText(budget)]
  const part = (bytes: number) => `${Math.min(100, (100 * bytes) / Math.max(1, budget))}%`
  return (
    <div className="device">
      <div className="memory-line">
        <strong>{device.name}</strong>
        <span className="muted">{t('memory.device', { used, budget: whole })}</span>
      </div>
      <div
        className="stack"
        role="img"
        aria-label={t('memory.deviceLabel', { name: device.name, used, budget: whole })}
      >
        {models
          .filter((model) => model.device === device.name)
          .map((model) => (
            <span
              key={model.name}
              title={`${model.name}: ${bytesText(model.resident_bytes)}`}
              style={{ width: part(model.resident_bytes), background: colourOf(model.kind.toUpperCase()) }}
            />
          ))}
      </div>
    </div>
  )
}

function Model({ model }: { readonly model: ResidentModel }) {
  const t = useT()
  const [resident, total] = [bytesText(model.resident_bytes), bytesText(model.total_bytes)]
  const part = model.total_bytes === 0 ? 0 : model.resident_bytes / model.total_bytes
  return (
    <li className="model">
      <span
        className="model-dot"
        style={{ background: colourOf(model.kind.toUpperCase()) }}
        aria-hidden="true"
      />
      <span className="model-name">
        {model.name}
        {model.in_use && <span className="tag">{t('memory.inUse')}</span>}
      </span>
      <span
        className="bar"
        role="img"
        aria-label={t('memory.modelLabel', { name: model.name, resident, total, device: model.device })}
      >
        <span style={{ width: `${100 * part}%`, background: colourOf(model.kind.toUpperCase()) }} />
      </span>
      <span className="model-bytes muted">{part === 1 ? total : t('memory.model', { resident, total })}</span>
    </li>
  )
}

function Tier({ tier }: { readonly tier: Residency['cache'][number] }) {
  const t = useT()
  const part = tier.budget_bytes ? tier.bytes / tier.budget_bytes : 0
  return (
    <div className="tier">
      <div className="memory-line">
        <strong>{t(`memory.cache.${tier.name}`)}</strong>
        <span className="muted">
          {t('memory.entries', { n: tier.entries, bytes: bytesText(tier.bytes) })}
          {tier.budget_bytes ? ` / ${bytesText(tier.budget_bytes)}` : ''}
        </span>
      </div>
      <span className="bar" aria-hidden="true">
        <span style={{ width: `${Math.min(100, 100 * part)}%` }} />
      </span>
    </div>
  )
}
