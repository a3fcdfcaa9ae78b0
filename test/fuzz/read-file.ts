import { basename, join } from 'node:path'
import type { FileRef } from '../../main/contract/imports.ts'
import { expandHandlers } from '../../main/datasets/archives/expand.ts'
import { openImport } from '../../main/datasets/importing/open-import.ts'
import { estimateTokens } from '../../main/datasets/passages/count-tokens.ts'
import { inspect } from '../../main/datasets/readers/inspect.ts'
import { removeFolder } from '../../main/store/files.ts'
import { resolveUpload } from '../../main/store/uploads.ts'

/** What a reading came to. */
export interface Reading {
  readonly rows: number
  readonly passages: number
  readonly examples: number
  readonly problems: number
  /** Codes of the errors that it ended with; `uncoded` for one that has none. */
  readonly codes: readonly string[]
  /** Stacks of the errors without a code. */
  readonly stacks: readonly string[]
}

/** Files of an archive that are read after it was unpacked. */
const mostFiles = 5

/** Does with a file what happens to it when it is dropped: expanded, inspected, imported to the end. */
export async function readFile(path: string): Promise<Reading> {
  const sum = { rows: 0, passages: 0, examples: 0, problems: 0 }
  const codes: string[] = []
  const stacks: string[] = []
  const noting = async (work: () => Promise<void>) => {
    try {
      await work()
    } catch (thrown) {
      const isCoded = thrown instanceof Error && 'code' in thrown && 'details' in thrown
      const code = isCoded ? String(thrown.code) : 'uncoded'
      codes.push(code)
      if (code === 'uncoded' || code === 'internal')
        stacks.push(thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown))
    }
  }
  const home = `${path}.home`
  const signal = new AbortController().signal
  const importOne = async (one: string) => {
    await noting(async () => {
      const { kind, columns, mapping } = await inspect(one, { signal })
      const first = columns[0]?.name
      // Where no column fits, its rows are read all the same: as passages.
      const roles =
        mapping && kind === 'dataset' && Object.keys(mapping.roles).length === 0 && first !== undefined
      const given = roles ? ({ form: 'passages', roles: { text: first } } as const) : null
      const source = await openImport(one, {
        name: basename(one),
        mapping: given,
        table: null,
        chunking: null,
        countTokens: estimateTokens,
        use: 'auto',
        signal,
      })
      for await (const batch of source.batches) {
        sum.rows = batch.rows
        sum.passages += batch.passages.length
        sum.examples += batch.examples.length
        sum.problems += batch.problems.length
      }
    })
  }
  const { 'data.expand': expand } = expandHandlers({
    uploads: join(home, 'uploads'),
    resolveUpload: (id) => resolveUpload(home, id),
  })
  const pathOf = async (file: FileRef) =>
    'path' in file ? file.path : (await resolveUpload(home, file.upload)).path
  await noting(async () => {
    const { files } = await expand({ file: { path } }, { emit: () => undefined, signal })
    for (const { file } of files.slice(0, mostFiles)) await importOne(await pathOf(file))
  })
  await removeFolder(home)
  return { ...sum, codes, stacks }
}
