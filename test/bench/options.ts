import { parseArgs } from 'node:util'
import { cases } from './cases.ts'

export interface BenchOptions {
  readonly cases: readonly string[]
  /** Counted steps (generations, passes) on each side. */
  readonly steps: number
  /** Counted steps that one side does before the other has its turn. */
  readonly perRound: number
  readonly threads: number
  /** A Python with torch, transformers and PEFT; null measures this project alone. */
  readonly peft: string | null
  readonly compile: boolean
  /** A model folder; null takes random weights of Flan-T5-small's shape. */
  readonly weights: string | null
  readonly out: string | null
}

export const help = `npm run --silent bench -- [options]

Prints one JSON document on standard output; progress and a table go to standard error.

  --case NAME      one of ${Object.keys(cases).join(', ')}; may be repeated; all by default
  --steps N        counted steps, generations or passes on each side (default 10; at least 7 for figures)
  --round N        how many of them one side does before the other has its turn (default 2)
  --threads N      processor threads on each side (default 2)
  --peft PYTHON    does the same work in turns with PyTorch and PEFT in that Python
  --compile        torch.compile there, for training
  --weights DIR    a Hugging Face T5 folder instead of random weights of Flan-T5-small's shape
  --out FILE       writes the document there too
  --help           this text
`

/** Reads the command line; null where help was asked for. Throws an Error with a sentence for a wrong option. */
export function parseOptions(args: readonly string[]): BenchOptions | null {
  const { values } = parseArgs({
    args: [...args],
    options: {
      case: { type: 'string', multiple: true },
      steps: { type: 'string', default: '10' },
      round: { type: 'string', default: '2' },
      threads: { type: 'string', default: '2' },
      peft: { type: 'string' },
      compile: { type: 'boolean', default: false },
      weights: { type: 'string' },
      out: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) return null
  const names = Object.keys(cases)
  for (const name of values.case ?? [])
    if (!names.includes(name))
      throw new Error(`There is no case ${name}. The cases are: ${names.join(', ')}.`)
  if (values.compile && values.peft === undefined)
    throw new Error('--compile is about PyTorch: name a Python with --peft.')
  return {
    cases: names.filter((name) => values.case?.includes(name) ?? true),
    steps: positive('--steps', values.steps),
    perRound: positive('--round', values.round),
    threads: positive('--threads', values.threads),
    peft: values.peft ?? null,
    compile: values.compile,
    weights: values.weights ?? null,
    out: values.out ?? null,
  }
}

function positive(option: string, text: string): number {
  const value = Number(text)
  if (!Number.isSafeInteger(value) || value < 1)
    throw new Error(`${option} ${text} is not a whole number above 0.`)
  return value
}
