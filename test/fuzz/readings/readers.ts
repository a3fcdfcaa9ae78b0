import { readdir } from 'node:fs/promises'
import { basename, join } from 'node:path'
import type { FileRef } from '../../../main/contract/imports.ts'
import { expandHandlers } from '../../../main/datasets/archives/expand.ts'
import { openImport } from '../../../main/datasets/importing/open-import.ts'
import { estimateTokens } from '../../../main/datasets/passages/count-tokens.ts'
import { inspect } from '../../../main/datasets/readers/inspect.ts'
import { removeFolder } from '../../../main/store/files.ts'
import { resolveUpload } from '../../../main/store/uploads.ts'
import { Fault, codeOf } from '../outcome.ts'

/** Files of an archive that are read after it was unpacked. */
const mostFiles = 5

/** Does with the file in `in` what happens to it when it is dropped: expanded, inspected, imported to the end. */
export async function readDropped(folder: string): Promise<readonly string[]> {
  const [name = ''] = await readdir(join(folder, 'in'))
  const path = join(folder, 'in', name)
  const sum = { passages: 0, examples: 0, problems: 0 }
  const codes: string[] = []
  const noting = async (work: () => Promise<void>) => {
    try {
      await work()
    } catch (thrown) {
      codes.push(codeOf(thrown))
    }
  }
  const home = join(folder, 'home')
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
  const left = (await readdir(folder)).filter((one) => one !== 'in')
  if (left.length > 0) throw new Fault(`left ${left.join(', ')} beside its own folder`)
  return [
    ...(sum.passages > 0 ? ['passages'] : []),
    ...(sum.examples > 0 ? ['examples'] : []),
    ...(sum.passages + sum.examples === 0 && sum.problems > 0 ? ['problems alone'] : []),
    ...(sum.passages + sum.examples + sum.problems + codes.length === 0 ? ['nothing'] : []),
    ...codes,
  ]
}
