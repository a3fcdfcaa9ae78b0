/** Numbers, dates and plurals, through Intl, in the language of the catalogue. */
const locale = 'en'
const pluralRules = new Intl.PluralRules(locale)
const integers = new Intl.NumberFormat(locale, { maximumFractionDigits: 0 })
const compactNumbers = new Intl.NumberFormat(locale, { notation: 'compact', maximumFractionDigits: 1 })
const dates = new Intl.DateTimeFormat(locale, { dateStyle: 'medium' })
const dateTimes = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'short' })
const relativeTimes = new Intl.RelativeTimeFormat(locale, { numeric: 'auto' })
const byteUnits = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte'] as const

/** Forms by plural category; `#` stands for the number. */
export type PluralForms = { readonly other: string } & Partial<Readonly<Record<Intl.LDMLPluralRule, string>>>

/** @example plural(3, { one: '# row', other: '# rows' }) // '3 rows' */
export function plural(count: number, forms: PluralForms): string {
  const form = forms[pluralRules.select(count)] ?? forms.other
  return form.replaceAll('#', formatNumber(count))
}

/** A number with up to `digits` digits after the point. */
export function formatNumber(value: number, digits = 0): string {
  if (digits === 0) return integers.format(value)
  return new Intl.NumberFormat(locale, { maximumFractionDigits: digits }).format(value)
}

/** A number with exactly `digits` digits after the point, so that a column lines up. */
export function formatFixed(value: number, digits: number): string {
  return new Intl.NumberFormat(locale, {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  }).format(value)
}

/** @example formatCompact(78_400_000) // '78.4M' */
export function formatCompact(value: number): string {
  return compactNumbers.format(value)
}

/** @param share 0 to 1 */
export function formatPercent(share: number, digits = 0): string {
  return new Intl.NumberFormat(locale, { style: 'percent', maximumFractionDigits: digits }).format(share)
}

/** Decimal units, as systems show them. @example formatBytes(12_400_000) // '12.4 MB' */
export function formatBytes(bytes: number): string {
  const power = bytes < 1000 ? 0 : Math.min(Math.floor(Math.log10(bytes) / 3), byteUnits.length - 1)
  const value = bytes / 1000 ** power
  return new Intl.NumberFormat(locale, {
    style: 'unit',
    unit: byteUnits[power] ?? 'byte',
    unitDisplay: power === 0 ? 'long' : 'short',
    maximumFractionDigits: power === 0 || value >= 100 ? 0 : 1,
  }).format(value)
}

/** @example formatDuration(4000) // '1 hr 7 min' */
export function formatDuration(seconds: number): string {
  return durationParts(Math.max(0, Math.round(seconds)))
    .filter(([value], index) => index === 0 || value > 0)
    .map(([value, unit]) =>
      new Intl.NumberFormat(locale, { style: 'unit', unit, unitDisplay: 'short' }).format(value),
    )
    .join(' ')
}

function durationParts(seconds: number): readonly (readonly [number, string])[] {
  if (seconds < 60) return [[seconds, 'second']]
  const minutes = Math.floor(seconds / 60)
  if (minutes < 10)
    return [
      [minutes, 'minute'],
      [seconds % 60, 'second'],
    ]
  if (minutes < 60) return [[minutes, 'minute']]
  const rounded = Math.round(seconds / 60)
  return [
    [Math.floor(rounded / 60), 'hour'],
    [rounded % 60, 'minute'],
  ]
}

/** @param time milliseconds since 1970 */
export function formatDate(time: number): string {
  return dates.format(time)
}

/** @param time milliseconds since 1970 */
export function formatDateTime(time: number): string {
  return dateTimes.format(time)
}

/** @example formatAgo(Date.now() - 7_200_000) // '2 hours ago' */
export function formatAgo(time: number, now = Date.now()): string {
  const seconds = (time - now) / 1000
  const far = Math.abs(seconds)
  if (far < 45) return relativeTimes.format(0, 'second')
  if (far < 3570) return relativeTimes.format(Math.round(seconds / 60), 'minute')
  if (far < 84_600) return relativeTimes.format(Math.round(seconds / 3600), 'hour')
  if (far < 86_400 * 7) return relativeTimes.format(Math.round(seconds / 86_400), 'day')
  return formatDate(time)
}

/** @example formatList(['id', 'text']) // 'id and text' */
export function formatList(items: readonly string[]): string {
  return new Intl.ListFormat(locale, { type: 'conjunction' }).format(items)
}
