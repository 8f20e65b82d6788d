/** Where the keyboard goes in what opens above the page. */

/**
 * Gives the keyboard to the part that is marked with `data-first`. React's own `autoFocus` comes too early for a
 * dialog or a popover: what is not shown yet can't have it, and the browser then takes the first button there is.
 */
export function focusFirst(within: HTMLElement): void {
  within.querySelector<HTMLElement>('[data-first]')?.focus()
}
