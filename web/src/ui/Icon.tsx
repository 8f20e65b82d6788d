/** The editor's own icons: lines on a grid of 16, drawn in the colour of the text around them. */

const PATHS = {
  add: 'M8 3v10M3 8h10',
  check: 'M3.5 8.5 6.5 11.5 12.5 4.5',
  chevron: 'M5 6.5 8 9.5 11 6.5',
  close: 'M4 4l8 8M12 4l-8 8',
  command:
    'M6 6h4v4H6zM6 6H4.5A1.5 1.5 0 1 1 6 4.5zM10 6V4.5A1.5 1.5 0 1 1 11.5 6zM10 10h1.5A1.5 1.5 0 1 1 10 11.5zM6 10v1.5A1.5 1.5 0 1 1 4.5 10z',
  dice: 'M3 4.5A1.5 1.5 0 0 1 4.5 3h7A1.5 1.5 0 0 1 13 4.5v7a1.5 1.5 0 0 1-1.5 1.5h-7A1.5 1.5 0 0 1 3 11.5zM5.9 5.9v.2M10.1 9.9v.2M8 7.9v.2',
  gear: 'M8 10.2a2.2 2.2 0 1 0 0-4.4 2.2 2.2 0 0 0 0 4.4zM8 1.8v1.6M8 12.6v1.6M1.8 8h1.6M12.6 8h1.6M3.6 3.6l1.2 1.2M11.2 11.2l1.2 1.2M12.4 3.6l-1.2 1.2M4.8 11.2l-1.2 1.2',
  help: 'M6 6a2 2 0 1 1 2.6 1.9c-.4.2-.6.5-.6 1v.6M8 12h.01',
  nodes: 'M2.5 3.5h4v3h-4zM9.5 9.5h4v3h-4zM6.5 5h2.2A1.3 1.3 0 0 1 10 6.3v3.2',
  play: 'M5 3.2v9.6L12.5 8z',
  problem: 'M8 2.5 14 13H2zM8 6.5v3M8 11.3h.01',
  queue: 'M2.5 4h11M2.5 8h11M2.5 12h7',
  stop: 'M4.5 4.5h7v7h-7z',
  templates: 'M2.5 2.5h4.5v4.5H2.5zM9 2.5h4.5v4.5H9zM2.5 9h4.5v4.5H2.5zM9 9h4.5v4.5H9z',
} as const

export type IconName = keyof typeof PATHS

export function Icon({ name }: { readonly name: IconName }) {
  return (
    <svg className="icon" viewBox="0 0 16 16" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  )
}
