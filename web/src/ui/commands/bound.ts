/** Which keys a command has: those that a person chose, else those of the table. */

import type { Settings } from '../../state/settings'
import type { Command } from './command'
import { matches, type Stroke, writes } from './keys'
import { COMMANDS } from './table'

type Chosen = Pick<Settings, 'keys'>

export function keysOf(command: Command, settings: Chosen): readonly string[] {
  return command.native ? command.keys : (settings.keys[command.id] ?? command.keys)
}

/** Returns the command that is meant by keys; `typing` while a text is, when most are letters of it. */
export function commandFor(stroke: Stroke, settings: Chosen, typing: boolean): Command | undefined {
  return COMMANDS.find(
    (one) =>
      !one.native &&
      (!typing || one.inFields === true) &&
      keysOf(one, settings).some((keys) => !(typing && writes(keys)) && matches(stroke, keys)),
  )
}

/** Returns the settings with other keys for a command; whatever had them has them no more. */
export function rebound(settings: Settings, command: Command, keys: string): Settings {
  const others = COMMANDS.filter((one) => one !== command && keysOf(one, settings).includes(keys)).map(
    (one) => [one.id, keysOf(one, settings).filter((other) => other !== keys)] as const,
  )
  return { ...settings, keys: { ...settings.keys, ...Object.fromEntries(others), [command.id]: [keys] } }
}

/** Returns the settings with the keys of the table for a command. */
export function unbound(settings: Settings, command: Command): Settings {
  const { [command.id]: _, ...keys } = settings.keys
  return { ...settings, keys }
}
