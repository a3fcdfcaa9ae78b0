import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { writeAtomic } from '../checkpoint/write-atomic.ts'
import type { TestSet } from './prepare-run.ts'
import { scoredReport } from './test-scores.ts'
import type { TestAnswers } from './test-scores.ts'

const fileName = 'scores-before.json'

const fileSchema = z.object({ fingerprint: z.string(), answers: z.array(z.array(z.string())) })

/** What the base model's answers depend on: the run's fingerprint and the test sets. */
export interface ScoresBeforeKey {
  /** Of settings, data and model, see `fingerprint`. */
  readonly digest: string
  readonly tests: readonly TestSet[]
}

/** Keeps the base model's answers in the run folder, with their scores, so that a resumed run need not repeat them. */
export async function saveScoresBefore(
  runDir: string,
  key: ScoresBeforeKey,
  answers: TestAnswers,
): Promise<void> {
  const { scores, tests } = scoredReport('before', key.tests, answers)
  const json = JSON.stringify({ fingerprint: fingerprintOf(key), scores, tests, answers })
  await writeAtomic(join(runDir, fileName), `${json}\n`)
}

/** The base model's answers of an earlier start of the run; null where there are none, or of something else. */
export async function loadScoresBefore(runDir: string, key: ScoresBeforeKey): Promise<TestAnswers | null> {
  const text = await readFile(join(runDir, fileName), 'utf8').catch(() => null)
  if (text === null) return null
  try {
    const { fingerprint, answers } = fileSchema.parse(JSON.parse(text))
    return fingerprint === fingerprintOf(key) ? answers : null
  } catch {
    // A damaged file costs the scoring once more, nothing else.
    return null
  }
}

function fingerprintOf({ digest, tests }: ScoresBeforeKey): string {
  const hash = createHash('sha256').update(digest)
  for (const { name, examples } of tests) {
    hash.update(JSON.stringify([name, examples.length]))
    for (const { id, form, question, context } of examples)
      // Questions are hashed as they were before there were tasks: answers that are kept stay good.
      hash.update(JSON.stringify([id, question, context, ...(form === 'qa' ? [] : [form])]))
  }
  return hash.digest('hex')
}
