/** What a type of node is for, takes and gives. */

import type { NodeDefinition } from '../../core/definitions'
import { useT } from '../use'

export function NodeHelp({ node }: { readonly node: NodeDefinition }) {
  const t = useT()
  const ports = [
    [t('nodes.inputs'), node.inputs.map(({ label, type, tooltip }) => ({ name: label, type, tooltip }))],
    [t('nodes.outputs'), node.outputs],
  ] as const
  return (
    <div className="node-help">
      <p>{node.description || t('nodes.noHelp')}</p>
      {ports.map(
        ([heading, all]) =>
          all.length > 0 && (
            <section key={heading}>
              <h3>{heading}</h3>
              <dl>
                {all.map(({ name, type, tooltip }) => (
                  <div key={`${name}/${type}`}>
                    <dt>
                      {name || type} <span className="count">{type}</span>
                    </dt>
                    {tooltip !== '' && <dd>{tooltip}</dd>}
                  </div>
                ))}
              </dl>
            </section>
          ),
      )}
      <p className="count">{node.type}</p>
    </div>
  )
}
