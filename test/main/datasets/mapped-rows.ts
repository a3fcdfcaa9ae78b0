import { compileMapping } from '../../../main/datasets/mapping/apply-mapping.ts'
import { inspect } from '../../../main/datasets/readers/inspect.ts'
import { openTable } from '../../../main/datasets/readers/open-table.ts'
import type { Example, Problem } from '../../../trainer/data/example.ts'
import { createRecordChecker } from '../../../trainer/data/record-checker.ts'

/** A file's cells as they are read, and what its guessed mapping makes of them. */
export async function mappedRows(path: string) {
  const { columns, mapping } = await inspect(path)
  const toRecords = compileMapping(mapping)
  const checker = createRecordChecker('file')
  const cells: string[][] = []
  const examples: Example[] = []
  const problems: Problem[] = []
  for await (const row of (await openTable(path)).rows()) {
    cells.push(Object.values(row.values).map(String))
    for (const record of toRecords(row)) {
      const checked = checker.add(record)
      if (checked.example) examples.push(checked.example)
      problems.push(...checked.problems)
    }
  }
  return { columns, cells, examples, problems }
}
