const dayMilliseconds = 86_400_000
/** Days from the first day of either calendar to 1970. */
const epochDays = { from1900: 25_569, from1904: 24_107 } as const
const lastDay = 2_958_466

/** Whether a number format shows a date or a time: a letter of one outside of quoted text, colours and conditions. */
export function isDateFormat(code: string): boolean {
  if (code.length > 1000) return false
  const plain = code
    .replaceAll(/"[^"]*"/g, '')
    .replaceAll(/\\./g, '')
    .replaceAll(/\[(?!(?:h+|m+|s+)\])[^\]]*\]/gi, '')
    .replaceAll(/_./g, '')
  return /[ymdhs]/i.test(plain) && !/general/i.test(plain)
}

/**
 * A serial number as an ISO date, `2024-03-01`, with the time where there is one, `2024-03-01T08:30:00`, or the time
 * alone for numbers below one. Null where the number is no date. Serial numbers below 61 count a 29 February 1900
 * that never was; Excel shows them so, too, from 1 March 1900 on they are right.
 */
export function dateOfSerial(serial: number, is1904: boolean): string | null {
  if (!Number.isFinite(serial) || serial < 0 || serial > lastDay) return null
  const mended = !is1904 && serial >= 1 && serial < 60 ? serial + 1 : serial
  const days = mended - (is1904 ? epochDays.from1904 : epochDays.from1900)
  // Seconds are what the sheet shows; the fraction of a day does not hold them exactly.
  const iso = new Date(Math.round((days * dayMilliseconds) / 1000) * 1000).toISOString()
  const [day = '', time = ''] = iso.slice(0, 19).split('T')
  if (!is1904 && serial < 1) return time
  return time === '00:00:00' ? day : `${day}T${time}`
}
