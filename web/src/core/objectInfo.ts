/** Reading /object_info. What is missing there, or of another type than it should be, counts as not said. */

import type { Definitions, InputDefinition, NodeDefinition, OutputDefinition, Widget } from './definitions'
import {
  asBigInt,
  asNumber,
  asText,
  EMPTY,
  isList,
  isObject,
  type Json,
  type JsonObject,
  parseJson,
  whole,
} from './json'
import { VIRTUAL_DEFINITIONS } from './virtual'

/** What a whole number may be where the server does not say: those of 64 bits. */
const LEAST = -(2n ** 63n)
const MOST = 2n ** 64n - 1n

/** Whole numbers of these names have a word behind them that says what becomes of them, declared or not. */
export const SEEDS: ReadonlySet<string> = new Set(['seed', 'noise_seed'])

const FILE = /\.[a-z0-9]{2,12}$/i
const UPLOADS = ['image', 'video', 'audio', 'file'] as const

/** Reads the answer of /object_info, and adds the nodes that only the editor knows. Raises `JsonError`. */
export function readObjectInfo(text: string): Definitions {
  const found = parseJson(text)
  const entries = isObject(found) ? [...found] : []
  const known = entries.flatMap(([type, info]) => (isObject(info) ? [readDefinition(type, info)] : []))
  return new Map([...VIRTUAL_DEFINITIONS, ...known.map((one): [string, NodeDefinition] => [one.type, one])])
}

function readDefinition(type: string, info: JsonObject): NodeDefinition {
  const text = (key: string) => asText(info.get(key)) ?? ''
  return {
    type,
    title: text('display_name') || type,
    category: text('category'),
    description: text('description'),
    inputs: [...inputsOf(info, 'required'), ...inputsOf(info, 'optional')],
    outputs: outputsOf(info),
    isOutput: info.get('output_node') === true,
    deprecated: info.get('deprecated') === true,
    experimental: info.get('experimental') === true,
    aliases: texts(info.get('search_aliases')),
    pack: text('python_module'),
  }
}

function* inputsOf(info: JsonObject, group: 'required' | 'optional'): Iterable<InputDefinition> {
  const declared = inner(inner(info, 'input'), group)
  const order = texts(inner(info, 'input_order').get(group)).filter((name) => declared.has(name))
  for (const name of new Set([...order, ...declared.keys()])) {
    const said = declared.get(name)
    const [type, facts] = isList(said) ? said : [said]
    yield readInput(name, type ?? '*', isObject(facts) ? facts : EMPTY, group === 'required')
  }
}

function readInput(name: string, type: Json, facts: JsonObject, required: boolean): InputDefinition {
  const socket = facts.get('forceInput') === true || facts.get('rawLink') === true
  const widget = socket ? null : readWidget(name, type, facts)
  return {
    name,
    label: asText(facts.get('display_name')) ?? name,
    type: typeName(type),
    required,
    widget,
    initial: widget === null ? undefined : initialOf(widget, facts.get('default'), required),
    tooltip: asText(facts.get('tooltip')) ?? '',
    lazy: facts.get('lazy') === true,
    advanced: facts.get('advanced') === true,
  }
}

function readWidget(name: string, type: Json, facts: JsonObject): Widget | null {
  const kind = asText(facts.get('widgetType')) ?? typeName(type)
  const display = facts.get('display') === 'slider' ? 'slider' : 'number'
  const control = facts.get('control_after_generate')
  switch (kind) {
    case 'INT':
      return {
        kind: 'int',
        min: asBigInt(facts.get('min')) ?? LEAST,
        max: asBigInt(facts.get('max')) ?? MOST,
        step: asBigInt(facts.get('step')) ?? 1n,
        display,
        control: Boolean(control) || SEEDS.has(name),
      }
    case 'FLOAT': {
      const step = asNumber(facts.get('step')) ?? 0.1
      return {
        kind: 'float',
        min: asNumber(facts.get('min')) ?? -Infinity,
        max: asNumber(facts.get('max')) ?? Infinity,
        step,
        round: asNumber(facts.get('round')) ?? 0,
        display,
      }
    }
    case 'STRING':
      return {
        kind: 'text',
        multiline: facts.get('multiline') === true,
        dynamicPrompts: facts.get('dynamicPrompts') === true,
        placeholder: asText(facts.get('placeholder')) ?? '',
      }
    case 'BOOLEAN':
      return {
        kind: 'boolean',
        on: asText(facts.get('label_on')) ?? '',
        off: asText(facts.get('label_off')) ?? '',
      }
    case 'COMBO':
      return readCombo(type, facts)
    default:
      return null
  }
}

function readCombo(type: Json, facts: JsonObject): Widget {
  const said = isList(type) ? type : facts.get('options')
  const options = isList(said) ? said : []
  const upload = UPLOADS.find((one) => facts.get(`${one}_upload`) === true) ?? null
  const folder = asText(facts.get('image_folder'))
  return {
    kind: 'combo',
    options,
    upload,
    folder: folder === 'output' || folder === 'temp' ? folder : upload === null ? null : 'input',
    files: upload !== null || options.every((one) => typeof one === 'string' && FILE.test(one)),
    multiple: facts.get('multiselect') === true,
    control: Boolean(facts.get('control_after_generate')),
  }
}

function initialOf(widget: Widget, said: Json | undefined, required: boolean): Json | undefined {
  if (said !== undefined && said !== null) return said
  if (!required) return undefined
  switch (widget.kind) {
    case 'int':
      return whole(widget.min > 0n ? widget.min : widget.max < 0n ? widget.max : 0n)
    case 'float':
      return Math.max(widget.min, Math.min(0, widget.max))
    case 'text':
      return ''
    case 'boolean':
      return false
    case 'combo':
      return widget.multiple ? [] : widget.options[0]
  }
}

function* named(info: JsonObject): Iterable<OutputDefinition> {
  const lists = info.get('output_is_list')
  const tooltips = info.get('output_tooltips')
  const names = info.get('output_name')
  const at = (given: Json | undefined, number: number) => (isList(given) ? given[number] : undefined)
  const types = info.get('output')
  for (const [number, type] of (isList(types) ? types : []).entries()) {
    yield {
      name: asText(at(names, number)) ?? typeName(type),
      type: typeName(type),
      isList: at(lists, number) === true,
      tooltip: asText(at(tooltips, number)) ?? '',
    }
  }
}

const outputsOf = (info: JsonObject): readonly OutputDefinition[] => [...named(info)]

/** Returns a type as text: a list is a list of choices, nothing and 0 are anything. */
export function typeName(given: Json | undefined): string {
  if (typeof given === 'string') return given || '*'
  if (isList(given)) return 'COMBO'
  return given ? String(asNumber(given) || '*') : '*'
}

function inner(object: JsonObject, key: string): JsonObject {
  const found = object.get(key)
  return isObject(found) ? found : EMPTY
}

function texts(given: Json | undefined): readonly string[] {
  return isList(given) ? given.filter((one) => typeof one === 'string') : []
}
