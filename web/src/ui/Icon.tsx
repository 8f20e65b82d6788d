/** The editor's own icons: lines on a grid of 16, drawn in the colour of the text around them. */

const PATHS = {
  add: 'M8 3v10M3 8h10',
  brush:
    'M13.2 2.8 7.4 8.6M7.4 8.6a2.6 2.6 0 0 0-2.9 2.2c-.2 1.2-1 1.9-2 2.1 1.9 1 5.9.8 6.6-1.8a2.3 2.3 0 0 0-1.7-2.5z',
  clear: 'M3 3h10v10H3zM6 6l4 4M10 6l-4 4',
  eraser: 'M6.5 13h6.5M3 9.8 9.3 3.5l3.7 3.7L7.2 13H5.5L3 10.5zM6.5 6.3l3.7 3.7',
  fill: 'M7.5 3 13 8.5l-5 5L2.5 8l5-5zM5.5 1.5l4 4M2.8 8h9.7',
  invert: 'M8 2.5a5.5 5.5 0 1 0 0 11zM8 2.5a5.5 5.5 0 0 1 0 11',
  mask: 'M2.5 3h11v10h-11zM8 5.2a2.8 2.8 0 1 0 0 5.6 2.8 2.8 0 0 0 0-5.6z',
  redo: 'M10.5 3 13 5.5 10.5 8M13 5.5H6.5a3.5 3.5 0 0 0 0 7H9',
  undo: 'M5.5 3 3 5.5 5.5 8M3 5.5h6.5a3.5 3.5 0 0 1 0 7H7',
  check: 'M3.5 8.5 6.5 11.5 12.5 4.5',
  chevron: 'M5 6.5 8 9.5 11 6.5',
  close: 'M4 4l8 8M12 4l-8 8',
  command:
    'M6 6h4v4H6zM6 6H4.5A1.5 1.5 0 1 1 6 4.5zM10 6V4.5A1.5 1.5 0 1 1 11.5 6zM10 10h1.5A1.5 1.5 0 1 1 10 11.5zM6 10v1.5A1.5 1.5 0 1 1 4.5 10z',
  enter: 'M6 3.5h6.5V10M12.2 3.8 3.8 12.2',
  dice: 'M3 4.5A1.5 1.5 0 0 1 4.5 3h7A1.5 1.5 0 0 1 13 4.5v7a1.5 1.5 0 0 1-1.5 1.5h-7A1.5 1.5 0 0 1 3 11.5zM5.9 5.9v.2M10.1 9.9v.2M8 7.9v.2',
  gear: 'M8 10.2a2.2 2.2 0 1 0 0-4.4 2.2 2.2 0 0 0 0 4.4zM8 1.8v1.6M8 12.6v1.6M1.8 8h1.6M12.6 8h1.6M3.6 3.6l1.2 1.2M11.2 11.2l1.2 1.2M12.4 3.6l-1.2 1.2M4.8 11.2l-1.2 1.2',
  back: 'M9.5 4 5.5 8l4 4',
  compare: 'M8 2v12M2.5 4h4M9.5 4h4v8h-4M6.5 12h-4V4',
  download: 'M8 2.5v7.5M4.8 7 8 10.2 11.2 7M3 13h10',
  file: 'M4 2.5h5L12 5.5v8H4zM9 2.5v3h3',
  folder: 'M2.5 4.5h4l1.2 1.5h5.8v6.5h-11z',
  form: 'M2.5 3h11v3.5h-11zM2.5 9.5h11M2.5 12.5h7',
  forward: 'M6.5 4l4 4-4 4',
  gallery: 'M2.5 3h11v10h-11zM2.5 11l3.2-3.2 2.4 2.4 2-2 3.4 3.4M10.6 6h.01',
  help: 'M6 6a2 2 0 1 1 2.6 1.9c-.4.2-.6.5-.6 1v.6M8 12h.01',
  link: 'M6.8 9.2a2.4 2.4 0 0 0 3.4 0l2.2-2.2A2.4 2.4 0 0 0 9 3.6l-.8.8M9.2 6.8a2.4 2.4 0 0 0-3.4 0L3.6 9A2.4 2.4 0 0 0 7 12.4l.8-.8',
  models: 'M8 2 13.5 5v6L8 14 2.5 11V5zM2.5 5 8 8l5.5-3M8 8v6',
  nodes: 'M2.5 3.5h4v3h-4zM9.5 9.5h4v3h-4zM6.5 5h2.2A1.3 1.3 0 0 1 10 6.3v3.2',
  pencil: 'M3 13l.6-2.8L10.8 3 13 5.2 5.8 12.4zM9.4 4.4l2.2 2.2',
  pin: 'M6 2.5h4l-.6 4.5 2.1 2H4.5l2.1-2zM8 9v4.5',
  play: 'M5 3.2v9.6L12.5 8z',
  problem: 'M8 2.5 14 13H2zM8 6.5v3M8 11.3h.01',
  queue: 'M2.5 4h11M2.5 8h11M2.5 12h7',
  save: 'M3 3h8l2 2v8H3zM5.5 3v3.5h4V3M5.5 13V9.5h5V13',
  star: 'M8 2.4l1.7 3.6 3.9.5-2.9 2.7.8 3.9L8 11.2l-3.5 1.9.8-3.9-2.9-2.7 3.9-.5z',
  stop: 'M4.5 4.5h7v7h-7z',
  table: 'M2.5 3h11v10h-11zM2.5 6.3h11M2.5 9.6h11M6.2 3v10M9.8 3v10',
  trash: 'M3.5 4.5h9M6.5 4.5V3h3v1.5M4.5 4.5l.6 8.5h5.8l.6-8.5',
  templates: 'M2.5 2.5h4.5v4.5H2.5zM9 2.5h4.5v4.5H9zM2.5 9h4.5v4.5H2.5zM9 9h4.5v4.5H9z',
  again: 'M13 8a5 5 0 1 1-1.5-3.5M13 2.5v2.7h-2.7',
  fit: 'M2.5 6V2.5H6M10 2.5h3.5V6M13.5 10v3.5H10M6 13.5H2.5V10',
  last: 'M3 8a5 5 0 1 0 1.5-3.5M3 2.5v2.7h2.7M8 5.5V8l1.7 1.2',
  left: 'M10 3.5 5.5 8l4.5 4.5',
  minus: 'M3.5 8h9',
  right: 'M6 3.5 10.5 8 6 12.5',
  first: 'M8 13V4M4.5 7.5 8 4l3.5 3.5M3.5 2.5h9',
  upload: 'M8 10.5v-8M5 5.5l3-3 3 3M2.5 10v3.5h11V10',
  memory: 'M3.5 4.5h9v7h-9zM5.5 2.5v2M8 2.5v2M10.5 2.5v2M5.5 11.5v2M8 11.5v2M10.5 11.5v2',
  wrench: 'M9.5 6.5 3.6 12.4M13.2 4.6 11 6.8 9.2 5l2.2-2.2a3 3 0 0 0-3.9 3.9M3.6 12.4',
  lastPlace: 'M8 3v9M4.5 8.5 8 12l3.5-3.5M3.5 13.5h9',
} as const

export type IconName = keyof typeof PATHS

export function Icon({ name }: { readonly name: IconName }) {
  return (
    <svg className="icon" viewBox="0 0 16 16" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  )
}
