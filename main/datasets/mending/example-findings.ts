import type { Writer } from '../../store/connection.ts'

/**
 * After a person has rewritten an example: findings that no longer hold go, and mends that were made before cannot
 * be taken back any more, as that would undo the person's own words.
 *
 * @param flagged Kinds that the check still finds.
 */
export async function settleFindings(
  writer: Writer,
  exampleId: number,
  flagged: readonly string[],
): Promise<void> {
  await writer.run(
    `DELETE FROM problem WHERE example_id = ?1 AND status = 'flagged'
       AND kind NOT IN (SELECT value FROM json_each(?2))`,
    exampleId,
    JSON.stringify(flagged),
  )
  await writer.run(
    `UPDATE problem SET record = NULL, proposal = NULL
     WHERE example_id = ? AND status = 'mended-by-person' AND record ->> 'kept' = 1`,
    exampleId,
  )
}

/** Before an example is removed: rows that a person mended are left out again, all else found on it goes with it. */
export async function dropFindings(writer: Writer, exampleId: number): Promise<void> {
  await writer.run(
    `UPDATE problem SET status = 'rejected', example_id = NULL
     WHERE example_id = ? AND status = 'mended-by-person' AND record IS NOT NULL AND record ->> 'kept' IS NULL`,
    exampleId,
  )
  await writer.run('DELETE FROM problem WHERE example_id = ?', exampleId)
}
