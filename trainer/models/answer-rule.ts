import { join } from 'node:path'
import { z } from 'zod'
import { parseJson } from '../parse-json.ts'
import { readBounded } from '../read-bounded.ts'

/** When a model with a span head says that a text holds no answer. */
export interface AnswerRule {
  /**
   * It says so where the score of no answer exceeds that of the best span by more than this (Devlin et al. 2019,
   * section 4.3); null where it always answers, since its data knew no unanswerable questions.
   */
  readonly noAnswerThreshold: number | null
}

/** Where nothing is known of the data: no answer where that scores best. */
export const plainAnswerRule: AnswerRule = { noAnswerThreshold: 0 }

/** The file beside a model's or an adapter's own that keeps its rule. */
export const answerRuleFile = 'loracle.json'

const mostBytes = 10_000

const ruleSchema = z.object({ noAnswerThreshold: z.number().nullable() })

/** The rule that a model or adapter folder keeps; null where there is none, or none that can be read. */
export async function readAnswerRule(folder: string): Promise<AnswerRule | null> {
  const text = await readBounded(join(folder, answerRuleFile), mostBytes).catch(() => null)
  if (text === null) return null
  try {
    const { success, data } = ruleSchema.safeParse(parseJson(text))
    return success ? data : null
  } catch {
    // Without it the plain rule holds: a damaged file costs a little accuracy, nothing else.
    return null
  }
}
