/** Numbers and texts as people read them, the same in every locale. */
const grouped = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 })

/** `4,560` */
export function wholeNumber(value: number): string {
  return grouped.format(value)
}

/** `1 record`, `2 records` */
export function countOf(count: number, noun: string): string {
  return `${wholeNumber(count)} ${noun}${count === 1 ? '' : 's'}`
}

/** Bytes as `820 bytes`, `14 kB` or `2.9 MB`. */
export function byteCount(bytes: number): string {
  if (bytes < 1000) return countOf(bytes, 'byte')
  return bytes < 1e6 ? `${wholeNumber(bytes / 1000)} kB` : `${(bytes / 1e6).toFixed(1)} MB`
}

/** Seconds as `0:07`, `1:12` or `2:03:40`. */
export function clock(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds))
  const two = (value: number): string => String(value).padStart(2, '0')
  const hours = Math.floor(whole / 3600)
  const minutes = Math.floor(whole / 60) % 60
  return hours > 0 ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`
}

/** A signed difference with one digit, `+35.0`. */
export function change(before: number, after: number): string {
  const difference = (after - before).toFixed(1)
  return after - before >= 0 && !difference.startsWith('-') ? `+${difference}` : difference
}

/** Cuts a line to a width in characters, with an ellipsis. */
export function truncate(line: string, width: number): string {
  const characters = Array.from(line)
  return characters.length <= width ? line : `${characters.slice(0, Math.max(0, width - 1)).join('')}…`
}

/** A word of a POSIX shell command line, quoted where it must be. */
export function shellWord(text: string): string {
  return /^[\w./:=@%+,-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`
}

/** Lines text up in columns; numeric columns are named by index and aligned to the right. */
export function columns(
  rows: readonly (readonly string[])[],
  rightAligned: readonly number[] = [],
): string[] {
  const widths: number[] = []
  for (const row of rows)
    row.forEach((cell, i) => (widths[i] = Math.max(widths[i] ?? 0, Array.from(cell).length)))
  return rows.map((row) =>
    row
      .map((cell, i) => {
        const space = ' '.repeat((widths[i] ?? 0) - Array.from(cell).length)
        return rightAligned.includes(i) ? space + cell : cell + space
      })
      .join('  ')
      .trimEnd(),
  )
}
