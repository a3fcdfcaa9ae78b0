import { TrainerError } from '../errors.ts'

/** How to decode. Names and defaults are those of Hugging Face's `GenerationConfig`. */
export interface GenerateOptions {
  readonly eosTokenId: number
  readonly padTokenId: number
  /** Tokens to generate at most, the end mark included. */
  readonly maxNewTokens: number
  /** Tokens to generate before the end mark is allowed. Default 0. */
  readonly minNewTokens?: number
  /** Beams in beam search; 1, the default, is greedy decoding or sampling. */
  readonly numBeams?: number
  /** Exponent of the length by which beam scores are divided; above 0 favours long sequences. Default 1. */
  readonly lengthPenalty?: number
  /**
   * When beam search stops: true, as soon as there are `numBeams` hypotheses; false (default), when a heuristic
   * finds an improvement unlikely; 'never', when none is possible.
   */
  readonly earlyStopping?: boolean | 'never'
  /** Draws tokens at random instead of taking the likeliest. Default false. */
  readonly doSample?: boolean
  /** Divides the logits before sampling; above 0. Default 1. */
  readonly temperature?: number
  /** Samples from the k likeliest tokens; 0 turns it off. Default 50. */
  readonly topK?: number
  /** Samples from the smallest set of tokens whose probability reaches p, in (0, 1]; 1, the default, turns it off. */
  readonly topP?: number
  /** Seed of sampling. Default 0. */
  readonly seed?: number
  /** Above 1 makes tokens that already stand in the row less likely. Default 1, off. */
  readonly repetitionPenalty?: number
  /** No n-gram of this size occurs twice in a row; 0, the default, turns it off. */
  readonly noRepeatNgramSize?: number
  /** Ends a row as its end mark does, as soon as it is true for the new ids: for stop strings. */
  readonly endsAt?: (generated: readonly number[]) => boolean
  /**
   * Called with every token of `ids`, in order within a row, as soon as it is certain: at once without beams,
   * after the search with them.
   */
  readonly onToken?: (row: number, token: number) => void
  /** Aborting it stops before the next step with the error `cancelled`. */
  readonly signal?: AbortSignal
}

const defaults = {
  minNewTokens: 0,
  numBeams: 1,
  lengthPenalty: 1,
  earlyStopping: false,
  doSample: false,
  temperature: 1,
  topK: 50,
  topP: 1,
  seed: 0,
  repetitionPenalty: 1,
  noRepeatNgramSize: 0,
} as const satisfies Partial<GenerateOptions>

/** Options with every default filled in. */
export type CompleteGenerateOptions = GenerateOptions & Required<Pick<GenerateOptions, keyof typeof defaults>>

/** A number's name, whether it must be whole, and the range in which it may lie. */
type NumberRule = readonly [
  name: keyof CompleteGenerateOptions,
  whole: boolean,
  allowed: (value: number) => boolean,
  range: string,
]

const numberRules: readonly NumberRule[] = [
  ['maxNewTokens', true, (value) => value >= 1, 'a whole number of at least 1'],
  ['minNewTokens', true, (value) => value >= 0, 'a whole number of at least 0'],
  ['numBeams', true, (value) => value >= 1, 'a whole number of at least 1'],
  ['lengthPenalty', false, () => true, 'a number'],
  ['temperature', false, (value) => value > 0, 'a number above 0'],
  ['topK', true, (value) => value >= 0, 'a whole number of at least 0'],
  ['topP', false, (value) => value > 0 && value <= 1, 'a number above 0 and at most 1'],
  ['seed', true, () => true, 'a whole number'],
  ['repetitionPenalty', false, (value) => value > 0, 'a number above 0'],
  ['noRepeatNgramSize', true, (value) => value >= 0, 'a whole number of at least 0'],
]

const tokenNames = ['eosTokenId', 'padTokenId'] as const

/**
 * Fills in the defaults and checks every option against its range and the vocabulary.
 *
 * @throws TrainerError `setting_invalid`, naming the option and what it may be.
 */
export function completeOptions(options: GenerateOptions, vocabSize: number): CompleteGenerateOptions {
  const complete: CompleteGenerateOptions = { ...defaults, ...options }
  for (const [name, whole, allowed, range] of numberRules) {
    const value = complete[name]
    const valid = typeof value === 'number' && (whole ? Number.isSafeInteger(value) : Number.isFinite(value))
    if (!valid || !allowed(value)) throw invalid(name, String(value), `It must be ${range}.`)
  }
  for (const name of tokenNames) {
    const token = complete[name]
    if (!Number.isInteger(token) || token < 0 || token >= vocabSize)
      throw invalid(name, String(token), `It must be a token of the vocabulary, 0 to ${vocabSize - 1}.`)
  }
  if (![true, false, 'never'].includes(complete.earlyStopping))
    throw invalid('earlyStopping', String(complete.earlyStopping), "It must be true, false or 'never'.")
  if (complete.doSample && complete.numBeams > 1)
    throw invalid(
      'numBeams',
      String(complete.numBeams),
      'Sampling takes one beam: set numBeams=1 or doSample=false.',
    )
  return complete
}

function invalid(name: string, value: string, wayOut: string): TrainerError {
  return new TrainerError('setting_invalid', `The setting ${name} cannot be ${value}. ${wayOut}`, {
    name,
    value,
  })
}
