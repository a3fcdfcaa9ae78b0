import { cp, mkdir, rm } from 'node:fs/promises'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { repository } from '../../main/spawn-cli.ts'
import { commandSide } from '../command-side.ts'
import type { BenchCase, CaseContext, Side } from '../side.ts'

type Model = 'starter' | 'flan-t5-small'

const sample = join(repository, 'assets', 'sample', 'train.json')
const starter = join(repository, 'assets', 'starter')
const commandLine = join(repository, 'out', 'main', 'cli.js')
const script = fileURLToPath(new URL('./start_reference.py', import.meta.url))

const question = 'How long must a memorized secret be?'
const context = 'Memorized secrets SHALL be at least 8 characters in length if chosen by the subscriber.'

/** What is trained, on both sides. */
const work = { batchSize: 8, rank: 8, targets: ['q', 'v'], maxTargetLength: 32 } as const

/** From the start of the built command to its first finished step, or to its answer. */
export const startCases: readonly BenchCase[] = [
  startCase('start-train-starter', 'train', 'starter'),
  startCase('start-train-t5', 'train', 'flan-t5-small'),
  startCase('start-ask-starter', 'ask', 'starter'),
  startCase('start-ask-t5', 'ask', 'flan-t5-small'),
]

function startCase(name: string, purpose: 'train' | 'ask', model: Model): BenchCase {
  const until = purpose === 'train' ? 'first finished step' : 'answer'
  return {
    name,
    work: { what: `starts of the command, until the ${until}`, model, ...(purpose === 'train' ? work : {}) },
    perRound: 1,
    async sides(bench) {
      const { peft, threads } = bench.options
      const weights = await folderOf(model, bench)
      return [
        oursSide(purpose, weights, bench),
        ...(peft === null ? [] : [pythonSide(peft, { ...work, purpose, weights, threads }, bench)]),
      ]
    },
  }
}

function oursSide(purpose: 'train' | 'ask', weights: string, { options, folder, signal }: CaseContext): Side {
  const runs = (run: number) => join(folder, `start-${run}`)
  const settings = {
    threads: options.threads,
    batchSize: work.batchSize,
    rank: work.rank,
    targetModules: work.targets.join(','),
    maxTargetLength: work.maxTargetLength,
  }
  const set = Object.entries(settings).flatMap(([name, value]) => ['--set', `${name}=${value}`])
  const words = (run: number) =>
    purpose === 'train'
      ? ['train', '--model', weights, '--data', sample, '--out', runs(run), ...set, '--json']
      : ['ask', '--model', weights, '--question', question, '--context', context, '--json']
  return commandSide({
    name: 'loracle',
    role: 'ours',
    command: {
      command: process.execPath,
      words: (run) => [commandLine, ...words(run)],
      done: purpose === 'train' ? (line) => line.startsWith('{"type":"step"') : null,
    },
    each: { starts: 1 },
    signal,
    clean: (run) => rm(runs(run), { recursive: true, force: true }),
  })
}

function pythonSide(
  python: string,
  request: Readonly<Record<string, unknown>> & { readonly threads: number },
  { signal }: CaseContext,
): Side {
  const threads = String(request.threads)
  const given = { ...request, data: sample, question, context }
  return commandSide({
    name: 'peft',
    role: 'reference',
    command: {
      command: python,
      words: () => [script, JSON.stringify(given)],
      env: { OMP_NUM_THREADS: threads, MKL_NUM_THREADS: threads },
      done: (line) => line.startsWith('{"done"'),
    },
    each: { starts: 1 },
    signal,
  })
}

/** A model folder with a tokenizer: the starter's, whose vocabulary is the smaller one. */
async function folderOf(model: Model, bench: CaseContext): Promise<string> {
  if (model === 'starter') return starter
  const weights = await bench.model(model)
  if (existsSync(join(weights, 'tokenizer.json'))) return weights
  const folder = join(bench.folder, `${model}-with-tokenizer`)
  if (existsSync(folder)) return folder
  await mkdir(folder)
  for (const name of ['config.json', 'model.safetensors']) await cp(join(weights, name), join(folder, name))
  for (const name of ['tokenizer.json', 'tokenizer_config.json', 'special_tokens_map.json'])
    await cp(join(starter, name), join(folder, name))
  return folder
}
