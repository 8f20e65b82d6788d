/** What a dialog is given. */

import type { Dialog } from '../../state/app'

export type DialogProps<K extends Dialog['id'] = Dialog['id']> = {
  readonly dialog: Extract<Dialog, { readonly id: K }>
  readonly close: () => void
}
