/** The grid of dots behind the graph: one picture that is only shifted while the view moves, and drawn anew by zoom. */

import { useStoreApi } from '@xyflow/react'
import { memo, useLayoutEffect, useRef } from 'react'

/** Points of the graph from dot to dot, and the size of one. */
const [GAP, SIZE] = [20, 1.4]

export const Dots = memo(function Dots() {
  const dots = useRef<HTMLDivElement>(null)
  const flow = useStoreApi()
  useLayoutEffect(() => {
    let drawn = 0
    function follow(): void {
      const [x, y, zoom] = flow.getState().transform
      const style = dots.current?.style
      if (style === undefined) return
      const gap = GAP * zoom
      if (zoom !== drawn) {
        drawn = zoom
        style.setProperty('--gap', `${gap}px`)
        style.setProperty('--dot', `${(SIZE * zoom) / 2}px`)
      }
      style.transform = `translate(${shift(x, gap)}px, ${shift(y, gap)}px)`
    }
    follow()
    return flow.subscribe(follow)
  }, [flow])
  return <div className="canvas-dots" ref={dots} />
})

/** A dot lies in the middle of its tile; tiles begin one gap outside of the window. */
const shift = (offset: number, gap: number): number => (((offset - gap / 2) % gap) + gap) % gap
