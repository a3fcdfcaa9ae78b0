import type { Store } from '../../store/open.ts'
import type { Pace } from './pace.ts'
import { setProblemKinds } from './set-problem.ts'
import type { SetProblem } from './set-problem.ts'

interface StoredProblem {
  readonly id: number
  readonly kind: string
  readonly exampleId: number | null
  readonly message: string
  readonly proposal: string | null
}

const rowsPerStep = 500
const kinds = JSON.stringify(setProblemKinds)
const isSetProblem = 'kind IN (SELECT value FROM json_each(?2))'

/**
 * Makes the findings that are stored those that were found: what stays the same stays, what is gone goes; mends of
 * the person are kept.
 *
 * @returns whether anything changed
 */
export async function writeSetProblems(
  store: Store,
  projectId: string,
  { found, pace }: { readonly found: readonly SetProblem[]; readonly pace: Pace },
): Promise<boolean> {
  const keyOf = (kind: string, exampleId: number | null) => `${kind} ${exampleId}`
  const left = new Map<string, SetProblem>()
  for (const problem of found) {
    left.set(keyOf(problem.kind, problem.exampleId), problem)
    await pace.rest()
  }
  const gone: number[] = []
  for (let after = -1; ;) {
    const rows = await store.all<StoredProblem>(
      `SELECT id, kind, example_id AS exampleId, message, proposal FROM problem
       WHERE project_id = ?1 AND ${isSetProblem} AND status = 'flagged' AND id > ?3 ORDER BY id LIMIT ${rowsPerStep}`,
      projectId,
      kinds,
      after,
    )
    for (const row of rows) {
      const key = keyOf(row.kind, row.exampleId)
      const same = left.get(key)
      if (same?.message === row.message && proposalJson(same) === row.proposal) left.delete(key)
      else gone.push(row.id)
    }
    await pace.rest()
    const last = rows.at(-1)
    if (!last) break
    after = last.id
  }
  const added = [...left.values()]
  for (let start = 0; start < gone.length; start += rowsPerStep)
    await store.run(
      `DELETE FROM problem WHERE id IN (SELECT value FROM json_each(?)) AND status = 'flagged'`,
      JSON.stringify(gone.slice(start, start + rowsPerStep)),
    )
  for (let start = 0; start < added.length; start += rowsPerStep) {
    await store.run(
      `INSERT INTO problem (project_id, source_id, kind, place, message, status, proposal, example_id)
       SELECT e.project_id, e.source_id, j.value ->> 0, e.place, j.value ->> 2, 'flagged', j.value ->> 3, e.id
       FROM json_each(?2) j CROSS JOIN example e ON e.id = j.value ->> 1 WHERE e.project_id = ?1 ORDER BY j.key`,
      projectId,
      JSON.stringify(
        added
          .slice(start, start + rowsPerStep)
          .map((one) => [one.kind, one.exampleId, one.message, proposalJson(one)]),
      ),
    )
    await pace.rest()
  }
  return gone.length + added.length > 0
}

/** Findings across rows that are still open. */
export async function countSetProblems(store: Store, projectId: string): Promise<number> {
  const row = await store.get<{ count: number }>(
    `SELECT count(*) AS count FROM problem WHERE project_id = ?1 AND ${isSetProblem} AND status = 'flagged'`,
    projectId,
    kinds,
  )
  return row?.count ?? 0
}

function proposalJson({ proposal }: SetProblem): string | null {
  return proposal ? JSON.stringify(proposal) : null
}
