import { seededRandom } from '../data/random.ts'
import { throwIfCancelled } from './cancel.ts'
import { hasEnded } from './continuation.ts'
import { bestOf } from './candidates.ts'
import type { Continuation } from './continuation.ts'
import type { GeneratedSequence } from './generated-sequence.ts'
import { toGeneratedSequence } from './generated-sequence.ts'
import { chooseGreedy } from './greedy.ts'
import { hasProcessors, processLogits } from './logits.ts'
import { logSumExp } from './log-sum-exp.ts'
import type { CompleteGenerateOptions } from './options.ts'
import { drawToken, samplingSupport } from './sampling.ts'
import type { StepDecoder } from './step-decoder.ts'

/** One example on its way; `index` is its place in the batch as it was given. */
interface Row extends Continuation {
  readonly index: number
  readonly tokens: number[]
  readonly random: () => number
  logProbability: number
}

interface Choice {
  readonly token: number
  /** As the model gives it. */
  readonly logProbability: number
}

/**
 * Greedy decoding and sampling: one token a row and step, each row by itself. Rows that are finished leave the
 * batch, so that no work is done for padding. A row's draws depend on the seed and its index alone.
 */
export async function decodeRows(
  decoder: StepDecoder,
  options: CompleteGenerateOptions,
): Promise<GeneratedSequence[]> {
  const { vocabSize } = decoder
  const rows: readonly Row[] = decoder.prompts.map((prompt, index) => ({
    index,
    tokens: [...prompt],
    promptLength: prompt.length,
    random: seededRandom('generate', options.seed, index),
    logProbability: 0,
  }))
  const processed = new Float32Array(vocabSize)
  const choose = (row: Row, raw: Float32Array): Choice => {
    const scores = hasProcessors(row, options) ? processed : raw
    if (scores === processed) {
      processed.set(raw)
      processLogits(processed, row, options)
    }
    const token = options.doSample
      ? drawToken(samplingSupport(scores, options), row.random())
      : chooseGreedy(scores)
    return { token, logProbability: (raw[token] ?? 0) - logSumExp(raw) }
  }
  let active = rows
  while (active.length > 0) {
    throwIfCancelled(options.signal)
    const fed = active.map((row) => row.tokens.at(-1) ?? options.padTokenId)
    const plain = !options.doSample && !active.some((row) => hasProcessors(row, options))
    const best = plain ? await decoder.candidates?.(fed, 1) : undefined
    const logits = best ? null : await decoder.step(fed)
    throwIfCancelled(options.signal)
    for (const [place, row] of active.entries()) {
      const { token, logProbability } = best
        ? bestOf(best, place)
        : choose(row, logits?.subarray(place * vocabSize, (place + 1) * vocabSize) ?? processed)
      row.logProbability += logProbability
      row.tokens.push(token)
      if (token !== options.eosTokenId && token !== options.padTokenId) options.onToken?.(row.index, token)
    }
    const ended = new Set(active.filter((row) => hasEnded(row, options)))
    const running = [...active.entries()].flatMap(([place, row]) => (ended.has(row) ? [] : [place]))
    if (running.length > 0 && running.length < active.length) await decoder.select(running)
    active = active.filter((row) => !ended.has(row))
  }
  return rows.map((row) => toGeneratedSequence({ ...row, beamScore: null }, options))
}
