import type { SettingsForm } from '../../../main/contract/runs.ts'

export type SettingInfo = SettingsForm['settings'][number]
export type SettingGroup = SettingInfo['group']
export type SettingValue = SettingInfo['defaultValue']
export type SettingValues = Readonly<Record<string, unknown>>

/** Why a typed text is no value of its setting; `limit` is the bound that it crosses. */
export type FieldProblem =
  | {
      readonly kind:
        'empty' | 'not-a-number' | 'not-whole' | 'not-a-choice' | 'not-whole-numbers' | 'not-a-map'
    }
  | { readonly kind: 'at-least' | 'above' | 'at-most' | 'below'; readonly limit: number }

export type Reading =
  | { readonly value: unknown; readonly problem: null }
  | { readonly value: undefined; readonly problem: FieldProblem }

/** A value as a text field shows it: nothing for null, commas between the items of a list, `name:value` for a map. */
export function fieldText(value: unknown): string {
  if (value === null || value === undefined) return ''
  if (Array.isArray(value)) return value.join(', ')
  if (typeof value !== 'object') return String(value)
  return Object.entries(value)
    .map(([name, own]) => `${name}:${String(own)}`)
    .join(', ')
}

/** Reads what was typed into a setting's field; the bounds are those of the setting's own check. */
export function readField({ name, input }: Pick<SettingInfo, 'name' | 'input'>, text: string): Reading {
  const typed = text.trim()
  if (typed === '') return input.nullable ? right(null) : wrong({ kind: 'empty' })
  switch (input.kind) {
    case 'integer':
    case 'number':
      return readNumber(input, typed)
    case 'boolean':
      return typed === 'true' || typed === 'false' ? right(typed === 'true') : wrong({ kind: 'not-a-choice' })
    case 'choice':
      return input.choices.includes(typed) ? right(typed) : wrong({ kind: 'not-a-choice' })
    case 'list':
      return readList(input, typed, phraseLists.includes(name) ? /[,;]+/ : /[\s,;]+/)
    case 'map':
      return readMap(input, typed)
  }
}

const decimal = /^[+-]?(\d+[.,]?\d*|[.,]\d+)(e[+-]?\d+)?$/i
const thousands = /^[+-]?[1-9]\d*,\d{3}$/
type NumberInput = Extract<SettingInfo['input'], { readonly kind: 'integer' | 'number' }>
type MapInput = Extract<SettingInfo['input'], { readonly kind: 'map' }>
type ListInput = Extract<SettingInfo['input'], { readonly kind: 'list' }>

function readNumber(input: NumberInput, typed: string): Reading {
  // A decimal comma is what many keyboards give, but 1,000 may be meant as a thousand: better asked than guessed.
  const isNumber = decimal.test(typed) && !thousands.test(typed)
  const value = isNumber ? Number(typed.replace(',', '.')) : NaN
  if (!Number.isFinite(value)) return wrong({ kind: 'not-a-number' })
  if (input.kind === 'integer' && !Number.isSafeInteger(value)) return wrong({ kind: 'not-whole' })
  const { min, max, exclusiveMin, exclusiveMax } = input
  if (min !== null && exclusiveMin && value <= min) return wrong({ kind: 'above', limit: min })
  if (min !== null && value < min) return wrong({ kind: 'at-least', limit: min })
  if (max !== null && exclusiveMax && value >= max) return wrong({ kind: 'below', limit: max })
  if (max !== null && value > max) return wrong({ kind: 'at-most', limit: max })
  return right(value)
}

/** Lists whose items may have spaces in them. */
const phraseLists: readonly string[] = ['stopStrings']

function readList(input: ListInput, typed: string, between: RegExp): Reading {
  if (input.keywords.includes(typed)) return right(typed)
  const items = typed
    .split(between)
    .map((item) => item.trim())
    .filter((item) => item !== '')
  if (items.length === 0) return wrong({ kind: 'empty' })
  if (input.of === 'text') return right(items)
  const numbers = items.map(Number)
  return numbers.every((item) => Number.isSafeInteger(item) && item >= 0)
    ? right(numbers)
    : wrong({ kind: 'not-whole-numbers' })
}

/** Reads `q:4, v:8`; a name may have colons, its number follows the last one. */
function readMap({ of, min, exclusiveMin }: MapInput, typed: string): Reading {
  const numbers = { kind: of, min, max: null, exclusiveMin, exclusiveMax: false, nullable: false } as const
  const map: Record<string, unknown> = {}
  for (const part of typed.split(/[,;]+/)) {
    const [, name, number] = /^(.+):([^:]+)$/.exec(part.trim()) ?? []
    if (name === undefined || number === undefined) return wrong({ kind: 'not-a-map' })
    const read = readNumber(numbers, number.trim())
    if (read.problem) return read.problem.kind === 'not-a-number' ? wrong({ kind: 'not-a-map' }) : read
    map[name.trim()] = read.value
  }
  return right(map)
}

function right(value: unknown): Reading {
  return { value, problem: null }
}

function wrong(problem: FieldProblem): Reading {
  return { value: undefined, problem }
}

/** Whether two settings are the same value; lists item by item, maps entry by entry in their order. */
export function sameValue(a: unknown, b: unknown): boolean {
  if (Array.isArray(a) && Array.isArray(b))
    return a.length === b.length && a.every((item, index) => sameValue(item, b[index]))
  if (isMap(a) && isMap(b)) return sameValue(Object.entries(a), Object.entries(b))
  return Object.is(a, b)
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export function sameSettings(a: SettingValues, b: SettingValues): boolean {
  const names = Object.keys(a)
  return (
    names.length === Object.keys(b).length && names.every((name) => name in b && sameValue(a[name], b[name]))
  )
}

/** The settings with `name` set to `value`; one that is back at its default is left out. */
export function withSetting(values: SettingValues, info: SettingInfo, value: unknown): SettingValues {
  const rest = filterNames(values, (name) => name !== info.name)
  return sameValue(value, info.defaultValue) ? rest : { ...rest, [info.name]: value }
}

/** Those of the settings that differ from the defaults; names that the form does not know are left out. */
export function changedSettings(settings: readonly SettingInfo[], values: SettingValues): SettingValues {
  return Object.fromEntries(
    settings
      .filter(({ name, defaultValue }) => name in values && !sameValue(values[name], defaultValue))
      .map(({ name }) => [name, values[name]]),
  )
}

/** A setting's value where it is set, else its default. */
export function valueOf(info: SettingInfo, values: SettingValues): unknown {
  return info.name in values ? values[info.name] : info.defaultValue
}

export interface SettingSection {
  readonly group: SettingGroup
  readonly settings: readonly SettingInfo[]
  /** How many of its settings differ from the defaults. */
  readonly changed: number
}

/**
 * The settings by group, in the order in which the groups first appear. Without `advanced`, the simple ones and
 * besides them whatever was changed, so that no change is ever out of sight.
 */
export function sectionsOf(
  settings: readonly SettingInfo[],
  values: SettingValues,
  advanced: boolean,
): readonly SettingSection[] {
  const isChanged = (info: SettingInfo): boolean => !sameValue(valueOf(info, values), info.defaultValue)
  const shown = settings.filter((info) => advanced || info.level === 'simple' || isChanged(info))
  const groups = [...new Set(shown.map(({ group }) => group))]
  return groups.map((group) => {
    const own = shown.filter((info) => info.group === group)
    return { group, settings: own, changed: own.filter(isChanged).length }
  })
}

/** The settings that a preset leaves as the person has them: what a run uses of the machine is not the data's matter. */
const keptByPresets: readonly string[] = ['provider', 'threads', 'seed']

/** The preset whose settings these are, but for those that presets leave alone; null where they were made by hand. */
export function matchingPreset(form: SettingsForm, values: SettingValues): string | null {
  const own = (all: SettingValues): SettingValues =>
    filterNames(changedSettings(form.settings, all), (name) => !keptByPresets.includes(name))
  const match = form.presets.find((preset) => sameSettings(own(preset.settings), own(values)))
  return match?.id ?? null
}

/** What the form holds after a preset was chosen. */
export function withPreset(form: SettingsForm, presetId: string, values: SettingValues): SettingValues {
  const preset = form.presets.find(({ id }) => id === presetId)
  if (!preset) return values
  const kept = filterNames(values, (name) => keptByPresets.includes(name))
  return changedSettings(form.settings, {
    ...kept,
    ...filterNames(preset.settings, (name) => !(name in kept)),
  })
}

function filterNames(values: SettingValues, keep: (name: string) => boolean): SettingValues {
  return Object.fromEntries(Object.entries(values).filter(([name]) => keep(name)))
}
