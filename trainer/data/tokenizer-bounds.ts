import { shownValue } from '../shown-value.ts'
import { invalidTokenizer } from './tokenizer-json.ts'

/** What of a tokenizer.json costs time and memory. */
export interface BoundedDescription {
  readonly model: Readonly<Record<string, unknown>> & {
    readonly vocab: readonly (readonly [string, number])[] | Readonly<Record<string, number>>
  }
  readonly added_tokens: readonly { readonly content: string }[]
  readonly normalizer: unknown
  readonly pre_tokenizer: unknown
  readonly post_processor: unknown
  readonly decoder: unknown
}

/** Of the vocabularies that people publish the largest have a quarter of these, and no token has two hundred characters. */
const mostTokens = 1_000_000
const longestToken = 1_000
const mostCharacters = 16_000_000
const mostAdded = 10_000
const mostAddedCharacters = 500_000
/** The library keeps a Map for each character of a Unigram vocabulary that it looks up itself. */
const mostTrieCharacters = 4_000_000
const mostSteps = 64
/** Characters that a text may become for each of its own. */
const mostGrowth = 64
const longestPattern = 5_000

/** Beyond these a text is encoded under a watch. */
const unusualToken = 64
const unusualAdded = 2_000
const unusualWord = 200

/** Patterns that are known to take no longer than the text, whatever the text. */
const knownPatterns: ReadonlySet<string> = new Set([
  // T5's, and this program's own for the starter models.
  ' {2,}',
  '\u2581?[\\p{L}\\p{M}]+|\u2581?\\p{N}|\u2581?[^\u2581\\p{L}\\p{M}\\p{N}]|\u2581',
  // GPT-2's, and with single digits.
  "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+",
  "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+",
])

/**
 * Checks that a tokenizer can be built and used in bounded memory: how much there is in it, and how much its steps can
 * make of a text. Steps that lie within each other are counted without recursion.
 *
 * @returns whether its time must be watched, since patterns or lengths of it are unusual
 * @throws TrainerError `tokenizer_invalid`
 */
export function checkTokenizerBounds(
  description: BoundedDescription,
  path: string,
): { readonly watched: boolean } {
  const refuse = (fact: string) => invalidTokenizer(path, fact)
  const tokens = checkVocabulary(description, refuse)
  const added = description.added_tokens.map(({ content }) => content.length)
  const addedCharacters = added.reduce((sum, length) => sum + length, 0)
  if (added.length > mostAdded || addedCharacters > mostAddedCharacters)
    throw refuse(`it adds ${added.length} tokens of ${addedCharacters} characters together`)
  const steps = [...stepsOf(description)]
  if (steps.length > mostSteps) throw refuse(`it does more than ${mostSteps} things to a text`)
  const growth = steps.reduce((product, step) => product * growthOf(step, refuse), 1)
  if (growth > mostGrowth) throw refuse('it makes many times as much of a text')
  const patterns = steps.flatMap(patternOf)
  const long = patterns.find((pattern) => pattern.length > longestPattern)
  if (long !== undefined) throw refuse(`one of its patterns has ${long.length} characters`)
  const longestWord = description.model['max_input_chars_per_word'] ?? 0
  // What is no number is no bound to the library.
  if (typeof longestWord !== 'number') throw refuse('its max_input_chars_per_word is no number')
  return {
    watched:
      patterns.some((pattern) => !knownPatterns.has(pattern)) ||
      tokens.longest > unusualToken ||
      added.length > unusualAdded ||
      added.some((length) => length > unusualToken) ||
      longestWord > unusualWord,
  }
}

type Refuse = (fact: string) => Error

/** Characters of a field that should hold a text; an object cannot be relied on to become one. */
function lengthOf(value: unknown): number {
  return typeof value === 'string' ? value.length : (JSON.stringify(value ?? '') ?? '').length
}

function checkVocabulary(
  { model, pre_tokenizer }: BoundedDescription,
  refuse: Refuse,
): { readonly longest: number } {
  const { vocab } = model
  const isUnigram = Array.isArray(vocab)
  const tokens = isUnigram
    ? (vocab as readonly (readonly [string, number])[]).map(([token]) => token)
    : Object.keys(vocab)
  const lengths = tokens.map((token) => token.length)
  const longest = lengths.reduce((most, length) => Math.max(most, length), 0)
  const characters = lengths.reduce((sum, length) => sum + length, 0)
  if (tokens.length > mostTokens || characters > mostCharacters)
    throw refuse(`it has ${tokens.length} tokens of ${characters} characters together`)
  // The marks around pieces are joined with every one of them.
  const marks = ['continuing_subword_prefix', 'continuing_subword_suffix', 'end_of_word_suffix']
  const longMark = marks.find((mark) => lengthOf(model[mark]) > unusualToken)
  if (longest > longestToken || longMark !== undefined)
    throw refuse(
      longMark === undefined ? `one of its tokens has ${longest} characters` : `its ${longMark} is a text`,
    )
  if (
    isUnigram &&
    typeOf(pre_tokenizer) !== 'Metaspace' &&
    (characters > mostTrieCharacters || longest > unusualToken)
  )
    throw refuse(
      `its pieces have up to ${longest} and ${characters} characters together, too many behind this pre-tokenizer`,
    )
  // Every piece of a Unigram vocabulary is tried at every place; BPE and WordPiece only join what stands there.
  return { longest: isUnigram ? longest : 0 }
}

type Step = Readonly<Record<string, unknown>>

/** What is done to a text, in whatever order. */
function* stepsOf(description: BoundedDescription): Generator<Step> {
  const { normalizer, pre_tokenizer, post_processor, decoder } = description
  const waiting: unknown[] = [normalizer, pre_tokenizer, post_processor, decoder]
  for (let count = 0; count <= mostSteps && waiting.length > 0;) {
    const step = waiting.pop()
    if (typeof step !== 'object' || step === null) continue
    count++
    yield step as Step
    for (const field of ['normalizers', 'pretokenizers', 'processors', 'decoders']) {
      const inner = (step as Step)[field]
      if (Array.isArray(inner)) waiting.push(...inner.slice(0, mostSteps + 1))
    }
  }
}

function typeOf(step: unknown): unknown {
  return typeof step === 'object' && step !== null && 'type' in step ? step.type : null
}

/** How many characters a step may make of one. */
function growthOf(step: Step, refuse: Refuse): number {
  const text = (field: string) => lengthOf(step[field])
  switch (step['type']) {
    case 'Replace':
      return Math.max(1, text('content'))
    case 'Prepend':
      if (text('prepend') > unusualToken) throw refuse('what it puts before a text is a text itself')
      return 1
    case 'Metaspace':
      return Math.max(1, text('str_rep'), text('replacement'))
    case 'ByteLevel':
      return 'use_regex' in step || 'add_prefix_space' in step ? 2 : 1
    case 'FixedLength':
      if (!Number.isInteger(step['length']) || Number(step['length']) < 1)
        throw refuse(`it cuts texts into pieces of ${shownValue(step['length'])} characters`)
      return 1
    case 'TemplateProcessing': {
      const parts: readonly unknown[] = Array.isArray(step['single']) ? step['single'] : []
      const texts = parts.filter((part) => typeof part === 'object' && part !== null && 'Sequence' in part)
      if (texts.length > 1 || parts.length > 2 * mostSteps)
        throw refuse('its template repeats the text or its marks')
      return 1
    }
    default:
      return 1
  }
}

function patternOf(step: Step): readonly string[] {
  const { pattern } = step
  const regex = typeof pattern === 'object' && pattern !== null && 'Regex' in pattern ? pattern.Regex : null
  return typeof regex === 'string' ? [regex] : []
}
