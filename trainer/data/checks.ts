import type { Example, Problem } from './example.ts'
import type { RawRecord } from './raw-record.ts'
import { createRecordChecker } from './record-checker.ts'

/**
 * Checks the entries of a file all at once, as `createRecordChecker` does one by one.
 *
 * @param source Name of the file, for the examples' `source`.
 */
export function checkRecords(
  records: readonly RawRecord[],
  source: string,
): { examples: Example[]; problems: Problem[] } {
  const checker = createRecordChecker(source)
  const examples: Example[] = []
  const problems: Problem[] = []
  for (const record of records) {
    const checked = checker.add(record)
    if (checked.example) examples.push(checked.example)
    problems.push(...checked.problems)
  }
  return { examples, problems }
}
