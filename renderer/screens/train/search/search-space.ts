import type { SearchDimension } from '../../../../main/contract/searches.ts'
import { fieldText, readField } from '../setting-form.ts'
import type { FieldProblem, SettingInfo } from '../setting-form.ts'

/** How the values of a setting are given. */
export type AxisForm = 'values' | 'range' | 'log-range'

/** A setting that is varied, as its row of the form has it. */
export interface AxisDraft {
  readonly name: string
  readonly form: AxisForm
  readonly values: string
  readonly from: string
  readonly to: string
}

/** Why a row is nothing to search; `text` is the part that is no value. */
export type AxisProblem =
  | { readonly kind: 'no-values' | 'no-range' | 'not-positive' }
  | { readonly kind: 'not-a-value'; readonly text: string; readonly problem: FieldProblem }

export type AxisReading =
  | { readonly dimension: SearchDimension; readonly problem: null }
  | { readonly dimension: null; readonly problem: AxisProblem }

/** A row of the form for what is suggested, or was searched before. */
export function axisDraft(dimension: SearchDimension): AxisDraft {
  const { name } = dimension
  if ('values' in dimension)
    return { name, form: 'values', values: dimension.values.map(textOf).join(', '), from: '', to: '' }
  const { from, to, scale } = dimension
  return {
    name,
    form: scale === 'log' ? 'log-range' : 'range',
    values: '',
    from: fieldText(from),
    to: fieldText(to),
  }
}

/** The settings that a row can vary: numbers, choices and switches. */
export function canVary({ input }: SettingInfo): boolean {
  return ['integer', 'number', 'choice', 'boolean'].includes(input.kind)
}

/** True where a setting can be given as a range. */
export function hasRange({ input }: SettingInfo): boolean {
  return input.kind === 'integer' || input.kind === 'number'
}

/** A row for a setting that is to be varied from now on: all choices, or numbers around the present one. */
export function newAxis(info: SettingInfo, present: unknown): AxisDraft {
  const { input, name } = info
  const given = (values: readonly unknown[]): AxisDraft => axisDraft({ name, values })
  if (input.kind === 'choice') return given(input.choices)
  if (input.kind === 'boolean') return given([false, true])
  if (typeof present !== 'number') return given([])
  const around =
    present === 0
      ? [0]
      : input.kind === 'integer'
        ? [Math.ceil(present / 2), present, present * 2]
        : [present / 2, present, present * 2]
  const max = 'max' in input && input.max !== null ? input.max : Infinity
  return given([...new Set(around.filter((value) => value <= max))])
}

/** Reads a row, by the check of the setting itself. */
export function readAxis(axis: AxisDraft, info: SettingInfo): AxisReading {
  return axis.form === 'values' ? readValues(axis, info) : readRange(axis, info)
}

function readValues({ name, values }: AxisDraft, info: SettingInfo): AxisReading {
  const given = values.split(/[,;\s]+/).filter((part) => part !== '')
  if (given.length === 0) return wrong({ kind: 'no-values' })
  const read: unknown[] = []
  for (const text of given) {
    const { value, problem } = readField(info, text)
    if (problem) return wrong({ kind: 'not-a-value', text, problem })
    read.push(value)
  }
  return { dimension: { name, values: read }, problem: null }
}

function readRange({ name, form, from, to }: AxisDraft, info: SettingInfo): AxisReading {
  if (from.trim() === '' || to.trim() === '') return wrong({ kind: 'no-range' })
  const bounds: number[] = []
  for (const text of [from, to]) {
    const { value, problem } = readField(info, text)
    if (problem) return wrong({ kind: 'not-a-value', text: text.trim(), problem })
    if (typeof value === 'number') bounds.push(value)
  }
  const [low = NaN, high = NaN] = bounds
  if (!(low < high)) return wrong({ kind: 'no-range' })
  if (form === 'log-range' && low <= 0) return wrong({ kind: 'not-positive' })
  const scale = form === 'log-range' ? 'log' : 'linear'
  return { dimension: { name, from: low, to: high, scale }, problem: null }
}

function wrong(problem: AxisProblem): AxisReading {
  return { dimension: null, problem }
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : fieldText(value)
}
