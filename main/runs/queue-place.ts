import type { Reader } from '../store/connection.ts'

/**
 * The `queued_at` of a run that joins the queue now: the time, but never before the last that waits, so that a clock
 * that was set back turns nobody's turn around.
 */
export async function lastPlace(reader: Reader, now: number): Promise<number> {
  const last = await reader.get<{ at: number | null }>(
    `SELECT MAX(queued_at) AS at FROM run WHERE status = 'queued'`,
  )
  return Math.max(now, (last?.at ?? 0) + 1)
}
