import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { repository } from '../../main/spawn-cli.ts'
import { startOurs, startPython } from '../bench-processes.ts'
import { commandSide } from '../command-side.ts'
import type { LineProcess } from '../line-process.ts'
import { loadedSchema, processSide } from '../process-side.ts'
import type { Loaded } from '../process-side.ts'
import type { BenchCase, CaseContext, Side } from '../side.ts'
import { writeQuestions } from './write-questions.ts'
import type { ScoringFiles } from './write-questions.ts'

const questions = 10_000

const scoredSchema = z.object({
  milliseconds: z.number(),
  processor: z.number(),
  /** The official figures by their names. */
  figures: z.record(z.string(), z.number()),
})

/** The official SQuAD 2.0 figures of predictions: by the whole command, and by the computation in it alone. */
export const scoringCases: readonly BenchCase[] = [
  {
    name: 'score-command',
    work: { what: 'runs of the command', questions },
    async sides(context) {
      const files = await questionFiles(context)
      const { peft } = context.options
      const { signal } = context
      const each = { questions }
      const reference = fileURLToPath(new URL('./score_reference.py', import.meta.url))
      const words = ['--data', files.data, '--predictions', files.predictions]
      const ours = [join(repository, 'out', 'main', 'cli.js'), 'score', ...words, '--json']
      return [
        commandSide({
          name: 'loracle',
          role: 'ours',
          command: { command: process.execPath, words: () => ours, done: null },
          each,
          signal,
        }),
        ...(peft === null
          ? []
          : [
              commandSide({
                name: 'python',
                role: 'reference',
                command: {
                  command: peft,
                  words: () => [reference, files.data, files.predictions],
                  done: null,
                },
                each,
                signal,
              }),
            ]),
      ]
    },
  },
  computationCase(),
]

function computationCase(): BenchCase {
  const figures = new Map<string, Readonly<Record<string, number>>>()
  return {
    name: 'score-computation',
    work: { what: 'computations of the figures, the files read before', questions },
    async sides(context) {
      const files = await questionFiles(context)
      const { peft } = context.options
      const side = (name: string, role: Side['role'], start: () => LineProcess) =>
        computationSide({ name, role, start, files, figures })
      return [
        side('loracle', 'ours', () => startOurs('scoring/server.ts', context)),
        ...(peft === null
          ? []
          : [side('python', 'reference', () => startPython(peft, 'scoring/score_reference.py', context))]),
      ]
    },
    check() {
      const { exact, f1 } = figures.get('loracle') ?? {}
      const differs = (theirs: Readonly<Record<string, number>>) =>
        Math.abs((theirs['exact'] ?? NaN) - (exact ?? NaN)) > 1e-9 ||
        !(Math.abs((theirs['f1'] ?? NaN) - (f1 ?? NaN)) < 1e-9)
      const others = [...figures].filter(([, theirs]) => differs(theirs))
      return new Map(others.map(([name, theirs]) => [name, `Its figures differ: ${JSON.stringify(theirs)}.`]))
    },
  }
}

interface ComputationParts {
  readonly name: string
  readonly role: Side['role']
  start(): LineProcess
  readonly files: ScoringFiles
  readonly figures: Map<string, Readonly<Record<string, number>>>
}

function computationSide({ name, role, start, files, figures }: ComputationParts): Side {
  return processSide<Loaded>({
    name,
    role,
    start,
    load: (process) => process.ask({ op: 'load', ...files }, loadedSchema),
    async turn(process, _loaded, { count }) {
      const done = []
      for (let i = 0; i < count; i++) done.push(await process.ask({ op: 'score' }, scoredSchema))
      const last = done.at(-1)
      if (last) figures.set(name, last.figures)
      return {
        milliseconds: done.map(({ milliseconds }) => milliseconds),
        processor: done.map(({ processor }) => processor),
        done: { questions: count * questions },
      }
    },
  })
}

async function questionFiles({ folder }: CaseContext): Promise<ScoringFiles> {
  const files = { data: join(folder, 'questions.json'), predictions: join(folder, 'predictions.json') }
  await writeQuestions(questions, files)
  return files
}
