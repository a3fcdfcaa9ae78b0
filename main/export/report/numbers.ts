/** Numbers as the report shows them, in English whatever the machine speaks. */
export const wholeNumber = (value: number): string => Math.round(value).toLocaleString('en')

export const percent = (value: number): string => value.toFixed(1)

/** With a real minus, and a plus where it grew. */
export function signed(value: number): string {
  const text = Math.abs(value).toFixed(1)
  if (Number(text) === 0) return '0.0'
  return `${value < 0 ? '−' : '+'}${text}`
}

/** `3 h 20 min`, `4 min 10 s`, `8 s`. */
export function duration(milliseconds: number): string {
  const seconds = Math.max(0, Math.round(milliseconds / 1000))
  if (seconds < 60) return `${seconds} s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 60) return `${minutes} min ${seconds % 60} s`
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}

/** `21 November 2026`. */
export function day(time: number): string {
  return new Date(time).toLocaleDateString('en-GB', { day: 'numeric', month: 'long', year: 'numeric' })
}

/** A measured value in few digits. */
export function tickText(value: number): string {
  return tickTexts([value])[0] ?? ''
}

/** The values of one axis, all written alike: in powers of ten where the largest is tiny. */
export function tickTexts(values: readonly number[]): readonly string[] {
  const largest = Math.max(...values.map(Math.abs))
  return values.map((value) => {
    if (value === 0) return '0'
    if (largest >= 10_000) return value.toLocaleString('en', { notation: 'compact' })
    if (largest >= 0.001) return String(Number(value.toPrecision(3)))
    const [digits = '', power = ''] = value.toExponential(1).split('e')
    return `${Number(digits)}e${power.replace('-', '−')}`
  })
}
