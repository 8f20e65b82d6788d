/** Where what opens above all else is put in the page: inside of a landmark, so that it is found by going through them. */

/** Returns the dialog that an element is in, which all else is out of reach of; or the page's main part. */
export function layerOf(element: Element | null = null): Element {
  return element?.closest('dialog') ?? document.querySelector('main') ?? document.body
}
