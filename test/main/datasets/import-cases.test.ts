import { readFile, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { applyMapping } from '../../../main/datasets/mapping/apply-mapping.ts'
import { inspect } from '../../../main/datasets/readers/inspect.ts'
import { openTable } from '../../../main/datasets/readers/open-table.ts'
import { createRecordChecker } from '../../../trainer/data/record-checker.ts'

const folder = join(import.meta.dirname, 'cases')

/** Everything that becomes of a file when it is inspected and imported with the mapping that was guessed. */
async function importFile(path: string) {
  const inspection = await inspect(path).catch((error: unknown) => error as { code: string; message: string })
  if ('code' in inspection)
    return { code: inspection.code, message: inspection.message.replace(path, 'FILE') }
  const checker = createRecordChecker('input')
  const examples: unknown[] = []
  const problems: unknown[] = []
  for await (const row of (await openTable(path)).rows()) {
    const checked = checker.add(applyMapping(row, inspection.mapping))
    if (checked.example) {
      const { id, context, question, answers, group, source } = checked.example
      examples.push({ id, context, question, answers, group, source })
    }
    problems.push(...checked.problems.map(({ kind, where, message }) => `${kind} · ${where} · ${message}`))
  }
  return {
    format: inspection.format,
    rows: inspection.rows,
    columns: inspection.columns.map(({ name, type, filled }) => `${name}: ${type}, ${filled}`),
    roles: inspection.mapping?.roles ?? null,
    missing: inspection.missing,
    reading: inspection.problems.map(({ kind, where }) => `${kind} · ${where}`),
    examples,
    problems,
  }
}

const cases = await readdir(folder)

test.each(cases)('import case %s', async (name) => {
  const files = await readdir(join(folder, name))
  const input = files.find((file) => file.startsWith('input.')) ?? 'input'
  const expected: unknown = JSON.parse(await readFile(join(folder, name, 'expected.json'), 'utf8'))
  expect(await importFile(join(folder, name, input))).toEqual(expected)
})
