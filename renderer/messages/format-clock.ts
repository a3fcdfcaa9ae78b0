const clock = new Intl.DateTimeFormat('en', {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hourCycle: 'h23',
})

/** The time of day to the second. @param time milliseconds since 1970 */
export function formatClock(time: number): string {
  return clock.format(time)
}
