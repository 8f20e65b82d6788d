/** Which catalogue speaks, and how its sentences are filled in. */

import { de } from './de'
import { type Catalogue, en, type MessageKey } from './en'

export type { MessageKey } from './en'

/** Every language, by its code; a new one is a file beside and a row here. */
export const LANGUAGES: Readonly<Record<string, Language>> = {
  en: { name: 'English', catalogue: en },
  de: { name: 'Deutsch', catalogue: de },
}

export interface Language {
  readonly name: string
  readonly catalogue: Catalogue
  /** Where it is not read from the left: all but the canvas is mirrored. */
  readonly direction?: 'rtl'
}

export type Values = Readonly<Record<string, string | number>>
export type Translate = (key: MessageKey, values?: Values) => string

/** Returns the language to speak: the one that is chosen, else the first of the browser's that there is. */
export function languageOf(chosen: string, browser: readonly string[]): string {
  const wanted = [chosen, ...browser].map((code) => code.split('-')[0] ?? '')
  return wanted.find((code) => Object.hasOwn(LANGUAGES, code)) ?? 'en'
}

export function translator(language: string): Translate {
  const catalogue = LANGUAGES[language]?.catalogue ?? en
  return (key, values = {}) => filled(catalogue[key], values)
}

/** Fills `{name}` in; a name that has no value stays. */
export function filled(text: string, values: Values): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole))
}
