import type { SplitSize } from '../../contract/splits.ts'
import type { Reader } from '../../store/connection.ts'

export interface SplitSettings {
  readonly seed: number
  readonly validation: SplitSize
  readonly test: SplitSize
}

interface SettingsRow {
  readonly seed: number
  readonly validationFraction: number
  readonly testFraction: number
  readonly validationCount: number | null
  readonly testCount: number | null
}

/** @returns null where the project is not there. */
export async function readSplitSettings(store: Reader, projectId: string): Promise<SplitSettings | null> {
  const row = await store.get<SettingsRow>(
    `SELECT split_seed AS seed, validation_fraction AS validationFraction, test_fraction AS testFraction,
       validation_count AS validationCount, test_count AS testCount
     FROM project WHERE id = ?`,
    projectId,
  )
  if (!row) return null
  return {
    seed: row.seed,
    validation:
      row.validationCount === null ? { fraction: row.validationFraction } : { count: row.validationCount },
    test: row.testCount === null ? { fraction: row.testFraction } : { count: row.testCount },
  }
}

/** How many examples each held-out part was asked to have. */
export function askedCounts(
  total: number,
  { validation, test }: Pick<SplitSettings, 'validation' | 'test'>,
): { readonly validation: number; readonly test: number } {
  return { validation: wantedCount(total, validation), test: wantedCount(total, test) }
}

/** Of more held out than there are, so much is left to train on. */
const leastToTrain = 0.1

/** How many examples each held-out part should have: what was asked for, in proportion where that is too much. */
export function wantedCounts(
  total: number,
  sizes: Pick<SplitSettings, 'validation' | 'test'>,
): { readonly validation: number; readonly test: number } {
  const wanted = askedCounts(total, sizes)
  const heldOut = wanted.validation + wanted.test
  const most = Math.floor(total * (1 - leastToTrain))
  if (heldOut <= most || heldOut < total) return wanted
  const scaled = (count: number): number => Math.floor((count * most) / heldOut)
  return { validation: scaled(wanted.validation), test: scaled(wanted.test) }
}

function wantedCount(total: number, size: SplitSize): number {
  if ('count' in size) return size.count
  return size.fraction === 0 ? 0 : Math.max(1, Math.round(total * size.fraction))
}
