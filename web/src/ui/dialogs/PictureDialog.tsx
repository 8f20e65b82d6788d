/** A result as large as the window allows. */

import { Modal } from './Modal'
import type { DialogProps } from './table'

export function PictureDialog({ dialog, close }: DialogProps<'picture'>) {
  return (
    <Modal title={dialog.title} close={close} className="wide">
      <a className="picture-full" href={dialog.url} target="_blank" rel="noreferrer">
        <img src={dialog.url} alt={dialog.title} />
      </a>
    </Modal>
  )
}
