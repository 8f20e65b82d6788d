/** The workflow that the editor is measured with: rows of samplers of six fields each, a loader before each row. */

export const NODES = 1000

/** Points of the graph from one node of a row to the next, and from one row to the next. */
export const [WIDE, HIGH] = [400, 360]
const COLUMNS = 32

/** The cell of the one node with a text area: in the middle, so that a view of the middle shows it. */
export const TEXT = { column: 15, row: 15 }

/** Points in a cell: on the header of its node, and where nothing lies. */
export const [HEADER, NOTHING] = [
  [60, -15],
  [357, 300],
]

const slot = (name, type) => ({ name, type, link: null })
const given = (name, type) => ({ name, type, links: [] })

/** Returns the text of a file; node `text` of it is the one that is typed into. */
export function workflow() {
  const [nodes, links] = [[], []]
  function node(type, x, y, size, inputs, outputs, values) {
    const id = nodes.length + 1
    const made = {
      id,
      type,
      pos: [x, y],
      size,
      flags: {},
      order: id,
      mode: 0,
      inputs,
      outputs,
      properties: {},
    }
    nodes.push({ ...made, widgets_values: values })
    return nodes.at(-1)
  }
  function link(from, slot, to, at, type) {
    const id = links.length + 1
    links.push([id, from.id, slot, to.id, at, type])
    from.outputs[slot].links.push(id)
    to.inputs[at].link = id
  }
  let [loader, text, before] = [null, null, null]
  for (let at = 0; nodes.length < NODES; at += 1) {
    const [column, row] = [at % COLUMNS, Math.floor(at / COLUMNS)]
    const [x, y] = [column * WIDE, row * HIGH]
    if (column === 0) {
      const outputs = [given('MODEL', 'MODEL'), given('CLIP', 'CLIP'), given('VAE', 'VAE')]
      loader = node('CheckpointLoaderSimple', -WIDE, y, [315, 98], [], outputs, ['inklet.safetensors'])
      before = null
    }
    if (column === TEXT.column && row === TEXT.row) {
      const output = given('CONDITIONING', 'CONDITIONING')
      text = node('CLIPTextEncode', x, y, [315, 200], [slot('clip', 'CLIP')], [output], ['words'])
      link(loader, 1, text, 0, 'CLIP')
      continue
    }
    const inputs = [
      slot('model', 'MODEL'),
      slot('positive', 'CONDITIONING'),
      slot('negative', 'CONDITIONING'),
      slot('latent_image', 'LATENT'),
    ]
    const values = [at, 'fixed', 20, 7.5, 'euler', 'normal', 1.0]
    const made = node('KSampler', x, y, [315, 262], inputs, [given('LATENT', 'LATENT')], values)
    link(loader, 0, made, 0, 'MODEL')
    if (row === TEXT.row && text !== null) link(text, 0, made, 1, 'CONDITIONING')
    if (before !== null) link(before, 0, made, 3, 'LATENT')
    before = made
  }
  const file = { last_node_id: nodes.length, last_link_id: links.length, nodes, links, groups: [] }
  return { text: text.id, file: JSON.stringify({ ...file, config: {}, extra: {}, version: 0.4 }) }
}
