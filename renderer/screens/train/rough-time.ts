/**
 * An estimate without the digits that it does not have: to 5 seconds below two minutes, to half minutes below ten,
 * to minutes below an hour, and to ten minutes beyond.
 */
export function roughSeconds(seconds: number): number {
  const grain = seconds < 120 ? 5 : seconds < 600 ? 30 : seconds < 3600 ? 60 : 600
  return Math.max(grain, Math.round(seconds / grain) * grain)
}
