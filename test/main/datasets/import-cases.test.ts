import { existsSync } from 'node:fs'
import { readFile, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { Chunking, Inspection, Mapping } from '../../../main/contract/imports.ts'
import { AppError } from '../../../main/contract/errors.ts'
import { compileMapping, compilePassages } from '../../../main/datasets/mapping/apply-mapping.ts'
import { readPassages } from '../../../main/datasets/passages/read-passages.ts'
import { inspect } from '../../../main/datasets/readers/inspect.ts'
import { openTable } from '../../../main/datasets/readers/open-table.ts'
import { createRecordChecker } from '../../../trainer/data/record-checker.ts'

// A case is a folder: `input.*`; `mapping.json` where the guess is not to be taken, a mapping or
// `{ "table", "mapping", "chunking" }`; `expected.json`, which `UPDATE_SAMPLES=1` writes anew, to be read through by eye.
const folder = join(import.meta.dirname, '../../samples/import')
const isUpdate = process.env['UPDATE_SAMPLES'] === '1'

interface Given {
  readonly table?: string | null
  readonly mapping?: Mapping
  readonly chunking?: Chunking
}

/** Everything that becomes of a file when it is inspected and imported, or the error that it ends with. */
async function importFile(path: string, { table = null, mapping, chunking }: Given) {
  try {
    const inspection = await inspect(path, { table })
    const read =
      inspection.kind === 'documents'
        ? { passages: chunking ? await readPassages(path, { chunking }) : inspection.passages }
        : await readRecords(path, inspection, mapping ?? inspection.mapping)
    return withoutEmpty({
      kind: inspection.kind,
      format: inspection.format,
      tables: inspection.tables,
      table: inspection.table,
      rows: inspection.rows,
      columns: inspection.columns.map(({ name, type, filled }) => `${name}: ${type}, ${filled}`),
      mapping: inspection.mapping,
      missing: inspection.missing,
      reading: inspection.problems.map(({ where, kind, message }) => `${kind} · ${where} · ${message}`),
      ...read,
    })
  } catch (thrown) {
    if (!(thrown instanceof AppError)) throw thrown
    return { code: thrown.code, message: thrown.message.replace(path, 'FILE') }
  }
}

async function readRecords(path: string, { table }: Inspection, mapping: Mapping | null) {
  const rows = (await openTable(path, { table })).rows()
  if (mapping?.form === 'passages') {
    const toPassages = compilePassages(mapping)
    const passages: unknown[] = []
    for await (const row of rows) passages.push(...toPassages(row))
    return { passages }
  }
  const checker = createRecordChecker('input')
  const toRecords = compileMapping(mapping)
  const examples: unknown[] = []
  const checks: string[] = []
  for await (const row of rows) {
    for (const record of toRecords(row)) {
      const { example, problems } = checker.add(record)
      if (example) examples.push(example)
      checks.push(...problems.map(({ kind, where, outcome }) => `${kind} · ${where} · ${outcome}`))
    }
  }
  return { examples, checks }
}

/** Leaves out what says nothing, so that a case shows what it is about. */
function withoutEmpty(outcome: Readonly<Record<string, unknown>>) {
  return Object.fromEntries(
    Object.entries(outcome).filter(
      ([, value]) => value !== null && !(Array.isArray(value) && value.length === 0),
    ),
  )
}

async function readJson(path: string): Promise<unknown> {
  return JSON.parse(await readFile(path, 'utf8'))
}

async function givenIn(path: string): Promise<Given> {
  if (!existsSync(path)) return {}
  const given = (await readJson(path)) as Given | Mapping
  return 'roles' in given ? { mapping: given } : given
}

const cases = (await readdir(folder, { withFileTypes: true })).flatMap((entry) =>
  entry.isDirectory() ? entry.name : [],
)

test.each(cases)('import case %s', async (name) => {
  const files = await readdir(join(folder, name))
  const input = files.find((file) => file.startsWith('input.')) ?? 'input'
  const given = await givenIn(join(folder, name, 'mapping.json'))
  const outcome = await importFile(join(folder, name, input), given)
  const path = join(folder, name, 'expected.json')
  if (isUpdate) await writeFile(path, `${JSON.stringify(outcome, null, 2)}\n`)
  expect(outcome).toEqual(await readJson(path))
})
