/** What the components of the canvas share: the graph that is looked at, and the port a link is drawn from. */

import { createContext, useContext } from 'react'

/** The side and type of the port that a link is being drawn from, as `fits` takes it; "" when none is. */
export const DragContext = createContext('')

export const useDrag = (): string => useContext(DragContext)
