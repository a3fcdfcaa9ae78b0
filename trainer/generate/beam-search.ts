import { TrainerError } from '../errors.ts'
import type { Beam, Hypothesis } from './beam-hypotheses.ts'
import { isSearchDone, keepHypotheses } from './beam-hypotheses.ts'
import type { Candidates } from './candidates.ts'
import { throwIfCancelled } from './cancel.ts'
import { hasEnded } from './continuation.ts'
import type { GeneratedSequence } from './generated-sequence.ts'
import { toGeneratedSequence } from './generated-sequence.ts'
import { finiteLogSum, logSumExp } from './log-sum-exp.ts'
import { hasProcessors, processLogits } from './logits.ts'
import type { CompleteGenerateOptions } from './options.ts'
import type { StepDecoder } from './step-decoder.ts'
import { TopScores } from './top-scores.ts'

/** All beams but an example's first start from here, so that the first step does not choose the same tokens twice. */
const unreachable = -1e9

/** The search for one example. */
interface Search {
  readonly running: readonly Beam[]
  readonly hypotheses: readonly Hypothesis[]
  readonly done: boolean
}

/**
 * Beam search with the same outcome as `_beam_search` of transformers 5.18: 2 * numBeams candidates a step, of
 * which the open ones run on and the closed ones among the best numBeams become hypotheses. Examples that are done
 * leave the batch, which does not alter the others.
 *
 * @param decoder with examples * numBeams rows.
 * @throws TrainerError `setting_invalid` where the rows are not a multiple of numBeams.
 */
export async function beamSearch(
  decoder: StepDecoder,
  options: CompleteGenerateOptions,
): Promise<GeneratedSequence[]> {
  const { numBeams } = options
  const { vocabSize } = decoder
  if (decoder.rows % numBeams !== 0)
    throw new TrainerError(
      'setting_invalid',
      `The decoder has ${decoder.rows} rows, which ${numBeams} beams do not divide. Give every example ${numBeams} rows.`,
      { rows: decoder.rows, numBeams },
    )
  const searches = Array.from({ length: decoder.rows / numBeams }, (_, i) =>
    startSearch(i * numBeams, decoder.prompts, options),
  )
  let active = [...searches.keys()]
  while (active.length > 0) {
    throwIfCancelled(options.signal)
    const beams = active.flatMap((i) => searches[i]?.running ?? [])
    const fed = beams.map((beam) => beam.tokens.at(-1) ?? options.padTokenId)
    const plain = !beams.some((beam) => hasProcessors(beam, options))
    const given = plain ? await decoder.candidates?.(fed, 2 * numBeams) : undefined
    const scores = given ?? (await decoder.step(fed))
    throwIfCancelled(options.signal)
    for (const [place, i] of active.entries()) {
      const search = searches[i]
      if (search) searches[i] = advance(search, scores, { firstRow: place * numBeams, vocabSize, options })
    }
    active = active.filter((i) => searches[i]?.done === false)
    const order = active.flatMap((i) => searches[i]?.running ?? []).map((beam) => beam.row)
    const same = order.length === beams.length && order.every((row, i) => row === i)
    if (order.length > 0 && !same) await decoder.select(order)
  }
  return searches.map((search, i) => report(search, i, options))
}

/** Where an example's logits stand: in the rows of the decoder from `firstRow` on. */
interface Place {
  readonly firstRow: number
  readonly vocabSize: number
  readonly options: CompleteGenerateOptions
}

function startSearch(
  firstRow: number,
  prompts: readonly (readonly number[])[],
  options: CompleteGenerateOptions,
): Search {
  const running = prompts.slice(firstRow, firstRow + options.numBeams).map((prompt, i) => ({
    tokens: prompt,
    promptLength: prompt.length,
    score: i === 0 ? 0 : unreachable,
    logProbability: 0,
    row: firstRow + i,
  }))
  return { running, hypotheses: [], done: false }
}

/** One step of one example. */
function advance(search: Search, given: Candidates | Float32Array, place: Place): Search {
  const { options } = place
  const { numBeams } = options
  const candidates =
    given instanceof Float32Array
      ? bestContinuations(search.running, given, place)
      : bestOfCandidates(search.running, given, place)
  const closed = new Set(candidates.filter((beam) => hasEnded(beam, options)))
  const running = candidates.filter((beam) => !closed.has(beam)).slice(0, numBeams)
  const hypotheses = keepHypotheses(
    search.hypotheses,
    candidates.slice(0, numBeams).filter((beam) => closed.has(beam)),
    options,
  )
  return { running, hypotheses, done: isSearchDone(hypotheses, running[0], options) }
}

/** The best 2 * numBeams one-token continuations of an example's beams, best first. */
function bestContinuations(
  beams: readonly Beam[],
  logits: Float32Array,
  { firstRow, vocabSize, options }: Place,
): Beam[] {
  const top = new TopScores(2 * options.numBeams)
  const logSums: number[] = []
  const scores = new Float64Array(vocabSize)
  const rawRow = (i: number) => logits.subarray((firstRow + i) * vocabSize, (firstRow + i + 1) * vocabSize)
  for (const [i, beam] of beams.entries()) {
    const raw = rawRow(i)
    const logSum = logSumExp(raw)
    logSums.push(logSum)
    if (hasProcessors(beam, options)) {
      for (let token = 0; token < vocabSize; token++) scores[token] = (raw[token] ?? -Infinity) - logSum
      processLogits(scores, beam, options)
      top.offer(scores, beam.score, i * vocabSize)
    } else top.offer(raw, beam.score - logSum, i * vocabSize)
  }
  return Array.from(top.keys, (key, place) => {
    const i = Math.floor(key / vocabSize)
    const token = key % vocabSize
    const beam = beams[i]
    if (!beam) throw new TrainerError('internal', `Beam ${i} of ${beams.length} does not exist.`, { beam: i })
    return {
      tokens: [...beam.tokens, token],
      promptLength: beam.promptLength,
      score: top.scores[place] ?? -Infinity,
      logProbability: beam.logProbability + (rawRow(i)[token] ?? 0) - (logSums[i] ?? 0),
      row: firstRow + i,
    }
  })
}

/** The same of the candidates that the decoder chose for each row: no others can be among an example's best. */
function bestOfCandidates(
  beams: readonly Beam[],
  { count, logits, tokens, logSums }: Candidates,
  { firstRow, options }: Place,
): Beam[] {
  const continuations = beams.flatMap((beam, i) => {
    const row = firstRow + i
    const logSum = finiteLogSum(logSums[row] ?? NaN)
    return Array.from({ length: count }, (_, place) => {
      const logit = logits[row * count + place] ?? -Infinity
      const token = Number(tokens[row * count + place])
      return { beam, row, token, score: logit + (beam.score - logSum), logProbability: logit - logSum }
    })
  })
  return continuations
    .sort((a, b) => b.score - a.score || a.row - b.row || a.token - b.token)
    .slice(0, 2 * options.numBeams)
    .map(({ beam, row, token, score, logProbability }) => ({
      tokens: [...beam.tokens, token],
      promptLength: beam.promptLength,
      score,
      logProbability: beam.logProbability + logProbability,
      row,
    }))
}

function report(search: Search, index: number, options: CompleteGenerateOptions): GeneratedSequence {
  const best = search.hypotheses[0]
  if (!best)
    throw new TrainerError('internal', `The beam search of example ${index} has no outcome.`, { index })
  const sequence = toGeneratedSequence({ ...best.beam, beamScore: best.normalizedScore }, options)
  for (const token of sequence.ids) options.onToken?.(index, token)
  return sequence
}
