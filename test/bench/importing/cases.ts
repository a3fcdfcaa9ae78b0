import { execFile } from 'node:child_process'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { repository } from '../../main/spawn-cli.ts'
import { commandSide } from '../command-side.ts'
import { writeBigFile } from '../imports/write-big-file.ts'
import type { BenchCase } from '../side.ts'

const megabytes = 20
const commandLine = join(repository, 'out', 'main', 'cli.js')

/** Imports of a table into a new project by the built command; `npm run bench:import` has those of a gigabyte. */
export const importCases: readonly BenchCase[] = (['csv', 'jsonl'] as const).map((format) => ({
  name: `import-${format}`,
  work: { what: 'imports by the command', format, megabytes },
  perRound: 1,
  async sides({ folder, signal }) {
    const path = join(folder, `table.${format}`)
    const rows = await writeBigFile({ path, format, megabytes, questionsPerContext: 4, seed: 1 })
    const home = (run: number) => join(folder, `home-${run}`)
    return [
      commandSide({
        name: 'loracle',
        role: 'ours',
        command: {
          command: process.execPath,
          words: (run) => [commandLine, 'import', path, '--project', 'Bench', '--home', home(run), '--json'],
          done: null,
        },
        each: { rows, megabytes },
        signal,
        async prepare(run) {
          const words = ['project', 'create', 'Bench', '--home', home(run)]
          await promisify(execFile)(process.execPath, [commandLine, ...words], { signal })
        },
        clean: (run) => rm(home(run), { recursive: true, force: true }),
      }),
    ]
  },
}))
