import { describe, expect, test } from 'vitest'
import { generate } from '../../trainer/generate/generate.ts'
import type { GenerateOptions } from '../../trainer/generate/options.ts'
import type { StepDecoder } from '../../trainer/generate/step-decoder.ts'
import { eosTokenId, HashedDecoder, padTokenId } from './hashed-decoder.ts'

const options: GenerateOptions = { eosTokenId, padTokenId, maxNewTokens: 12 }
const decoder = (numBeams = 1) => new HashedDecoder({ seed: 2, examples: 3, numBeams })

describe('cancelling', () => {
  test.each([1, 2])('stops at the token at hand with %i beams', async (numBeams) => {
    const stop = new AbortController()
    const cancelled = decoder(numBeams)
    const step = cancelled.step.bind(cancelled)
    cancelled.step = (tokens) => {
      if (cancelled.rowsPerStep.length === 2) stop.abort()
      return step(tokens)
    }
    const outcome = generate(cancelled, { ...options, numBeams, signal: stop.signal })
    await expect(outcome).rejects.toMatchObject({ name: 'TrainerError', code: 'cancelled' })
    expect(cancelled.rowsPerStep.length).toBe(3)
  })

  test('takes no step where it was cancelled before', async () => {
    const idle = decoder()
    const outcome = generate(idle, { ...options, signal: AbortSignal.abort() })
    await expect(outcome).rejects.toMatchObject({ code: 'cancelled' })
    expect(idle.rowsPerStep).toEqual([])
  })
})

describe('options', () => {
  test.each<[string, Partial<GenerateOptions>]>([
    ['maxNewTokens', { maxNewTokens: 0 }],
    ['minNewTokens', { minNewTokens: -1 }],
    ['numBeams', { numBeams: 1.5 }],
    ['numBeams', { numBeams: 2, doSample: true }],
    ['lengthPenalty', { lengthPenalty: Number.NaN }],
    ['temperature', { temperature: 0 }],
    ['topK', { topK: -1 }],
    ['topP', { topP: 0 }],
    ['topP', { topP: 1.01 }],
    ['repetitionPenalty', { repetitionPenalty: 0 }],
    ['noRepeatNgramSize', { noRepeatNgramSize: 0.5 }],
    ['eosTokenId', { eosTokenId: 13 }],
    ['padTokenId', { padTokenId: -1 }],
  ])('%s is refused: %o', async (name, wrong) => {
    const outcome = generate(decoder(), { ...options, ...wrong })
    await expect(outcome).rejects.toMatchObject({ code: 'setting_invalid', details: { name } })
  })

  test('rows that are no multiple of the beams are refused', async () => {
    const outcome = generate(decoder(), { ...options, numBeams: 2 })
    await expect(outcome).rejects.toMatchObject({
      code: 'setting_invalid',
      details: { rows: 3, numBeams: 2 },
    })
  })

  test('a ban on every token is refused in sampling', async () => {
    const endless = { ...options, maxNewTokens: 20, minNewTokens: 20, doSample: true, noRepeatNgramSize: 1 }
    await expect(generate(decoder(), endless)).rejects.toMatchObject({ code: 'setting_invalid' })
  })
})

describe('broken logits', () => {
  const broken = (values: readonly number[]): StepDecoder => ({
    rows: 2,
    vocabSize: 3,
    prompts: [[padTokenId], [padTokenId]],
    step: () => Promise.resolve(Float32Array.from(values)),
    select: () => undefined,
  })
  test.each([
    ['NaN', [1, 2, 3, 1, Number.NaN, 3]],
    ['infinity', [1, Infinity, 3, 1, 2, 3]],
    ['all -infinity', [1, 2, 3, -Infinity, -Infinity, -Infinity]],
  ])('%s is an error of the model', async (_, values) => {
    for (const numBeams of [1, 2])
      await expect(generate(broken(values), { ...options, numBeams })).rejects.toMatchObject({
        code: 'model_invalid',
      })
  })
})
