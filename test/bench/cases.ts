import { answeringCases } from './answering/cases.ts'
import { epochCases } from './epoch/cases.ts'
import { importCases } from './importing/cases.ts'
import { scoringCases } from './scoring/cases.ts'
import type { BenchCase } from './side.ts'
import { startCases } from './start/cases.ts'
import { tokenizationCases } from './tokenization/cases.ts'
import { trainingCases } from './training/cases.ts'

/** Everything that the bench measures, in the order in which it does. */
export const cases: readonly BenchCase[] = [
  ...trainingCases,
  ...epochCases,
  ...answeringCases,
  ...startCases,
  ...tokenizationCases,
  ...importCases,
  ...scoringCases,
]
