import { parseArgs } from 'node:util'
import { publishedShapes } from './write-random-model.ts'
import type { PublishedShape } from './write-random-model.ts'

export interface BenchOptions {
  /** The names of the cases to measure; a name that ends in `*` stands for all that begin so. Null for all. */
  readonly cases: readonly string[] | null
  /** The names of the sides that take part; null for all that can. */
  readonly sides: readonly string[] | null
  /** Counted steps (generations, passes, slices of an epoch) on each side. */
  readonly steps: number
  /** Counted steps that one side does before the next has its turn. */
  readonly perRound: number
  readonly threads: number
  /** A Python with torch, transformers and PEFT; null measures this project alone. */
  readonly peft: string | null
  /** A folder in which @huggingface/transformers is installed; null leaves it out of generation. */
  readonly transformersJs: string | null
  readonly compile: boolean
  /** Model folders to take instead of random weights of a shape. */
  readonly weights: Readonly<Partial<Record<PublishedShape, string>>>
  /** SQuAD JSON whose questions' lengths make the epochs; null takes the counts that are kept here. */
  readonly squad: string | null
  /** A tokenizer's folder to count them with; null takes the starter's. */
  readonly tokenizer: string | null
  /** Whole epochs instead of slices. */
  readonly whole: boolean
  /** Shows that it works, with as little work as it takes. */
  readonly quick: boolean
  readonly out: string | null
  /** A Markdown file with the table of ratios, to which rows are added. */
  readonly history: string | null
}

export const help = `npm run --silent bench -- [options]

Prints one JSON document on standard output; progress and a table go to standard error.

  --case NAME         a case, or train-* for all that begin so; may be repeated; all by default
  --list              the names of the cases, and nothing else
  --side NAME         only this side, such as loracle or peft; may be repeated; all that can by default
  --steps N           counted steps, generations, passes or slices on each side (default 8; at least 7 for figures)
  --round N           how many steps one side does before the next has its turn (default 2)
  --threads N         processor threads on each side (default 2)
  --peft PYTHON       does the same work in turns with PyTorch and PEFT in that Python
  --transformers-js DIR  generates with Transformers.js, too, which is installed in that folder, from exported models
  --compile           with torch.compile there, too, as one more side of training
  --weights SHAPE=DIR a Hugging Face folder instead of random weights of a shape; may be repeated; the shapes:
                      ${Object.keys(publishedShapes).join(', ')}
  --squad FILE        epochs over one question of each paragraph of this SQuAD JSON, up to 1,500
  --tokenizer DIR     counts its tokens with this folder's tokenizer (default: the starter's)
  --whole             whole epochs instead of a sample of their batches
  --quick             two steps on each side, slices of one step: shows that it works, gives no figures
  --out FILE          writes the document there too
  --history FILE      adds a row for each ratio to the table under "## History" of this Markdown file
  --help              this text
`

/** What the command line asks for: a text to print, the list of cases, or the bench. */
export type Wish =
  | { readonly kind: 'help' }
  | { readonly kind: 'list' }
  | { readonly kind: 'bench'; readonly options: BenchOptions }

/** Reads the command line. Throws an Error with a sentence for a wrong option. */
export function parseOptions(args: readonly string[]): Wish {
  const { values } = parseArgs({
    args: [...args],
    options: {
      case: { type: 'string', multiple: true },
      list: { type: 'boolean', default: false },
      side: { type: 'string', multiple: true },
      steps: { type: 'string' },
      round: { type: 'string', default: '2' },
      threads: { type: 'string', default: '2' },
      peft: { type: 'string' },
      'transformers-js': { type: 'string' },
      compile: { type: 'boolean', default: false },
      weights: { type: 'string', multiple: true, default: [] },
      squad: { type: 'string' },
      tokenizer: { type: 'string' },
      whole: { type: 'boolean', default: false },
      quick: { type: 'boolean', default: false },
      out: { type: 'string' },
      history: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) return { kind: 'help' }
  if (values.list) return { kind: 'list' }
  if (values.compile && values.peft === undefined)
    throw new Error('--compile is about PyTorch: name a Python with --peft.')
  if (values.quick && values.history !== undefined)
    throw new Error('--quick gives no figures to keep: leave out --history.')
  const options: BenchOptions = {
    cases: values.case ?? null,
    sides: values.side ?? null,
    steps: positive('--steps', values.steps ?? (values.quick ? '2' : '8')),
    perRound: positive('--round', values.round),
    threads: positive('--threads', values.threads),
    peft: values.peft ?? null,
    transformersJs: values['transformers-js'] ?? null,
    compile: values.compile,
    weights: Object.fromEntries(values.weights.map(shapeAndFolder)),
    squad: values.squad ?? null,
    tokenizer: values.tokenizer ?? null,
    whole: values.whole,
    quick: values.quick,
    out: values.out ?? null,
    history: values.history ?? null,
  }
  return { kind: 'bench', options }
}

function shapeAndFolder(text: string): readonly [string, string] {
  const [shape = '', folder] = text.split(/=(.*)/s)
  if (!(shape in publishedShapes) || !folder)
    throw new Error(
      `--weights ${text} is not SHAPE=DIR. The shapes are: ${Object.keys(publishedShapes).join(', ')}.`,
    )
  return [shape, folder]
}

function positive(option: string, text: string): number {
  const value = Number(text)
  if (!Number.isSafeInteger(value) || value < 1)
    throw new Error(`${option} ${text} is not a whole number above 0.`)
  return value
}

/** The cases that are asked for, in their order. Throws an Error for a name that is no case's. */
export function chooseCases<T extends { readonly name: string }>(
  all: readonly T[],
  wanted: readonly string[] | null,
): readonly T[] {
  if (wanted === null) return all
  const fits = (name: string, pattern: string) =>
    pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern
  for (const pattern of wanted)
    if (!all.some(({ name }) => fits(name, pattern)))
      throw new Error(
        `There is no case ${pattern}. The cases are: ${all.map(({ name }) => name).join(', ')}.`,
      )
  return all.filter(({ name }) => wanted.some((pattern) => fits(name, pattern)))
}
