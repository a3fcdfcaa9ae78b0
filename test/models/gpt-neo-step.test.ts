import { expect, test } from 'vitest'
import type { Value } from '../../trainer/session.ts'
import { relativeError } from '../support/goldens.ts'
import { gptNeoLogits, openGptNeoCase, openGptNeoGraph } from '../support/gpt-neo-goldens.ts'

test('steps over a cache, prompts padded on the left, give the logits of the whole texts', async () => {
  const gptNeo = await openGptNeoCase()
  const adapter = gptNeo.adapters['adapter-all-linear']
  const { config } = gptNeo.architecture
  const texts = gptNeo
    .items('text')
    .map(({ sourceIds, targetIds }) => [...sourceIds, ...targetIds].slice(0, 25))
  const promptLengths = [14, 5]
  const whole = await gptNeoLogits(gptNeo, texts, { adapter, fusedNorms: true })
  const logitsAt = (text: number, token: number) => {
    const start = (text * 25 + token) * config.vocabularySize
    return whole.subarray(start, start + config.vocabularySize)
  }

  const session = await openGptNeoGraph(gptNeo, (context, { step }) => step(context), {
    adapter,
    fusedNorms: true,
  })
  const integers = (rows: readonly (readonly number[])[]): Value => ({
    dtype: 'int64',
    data: BigInt64Array.from(rows.flat(), BigInt),
    shape: [rows.length, rows[0]?.length ?? 0],
  })
  const longest = Math.max(...promptLengths)
  const padding = promptLengths.map((length) => longest - length)
  let past: Record<string, Value> = Object.fromEntries(
    Array.from({ length: config.layers }, (_, i) =>
      ['key', 'value'].map((part) => [
        `past.${i}.${part}`,
        { dtype: 'float32', data: new Float32Array(0), shape: [2, config.heads, 0, config.headWidth] },
      ]),
    ).flat(),
  )
  const zeros = (count: number) => Array.from({ length: count }, () => 0)
  const run = async (fromTo: readonly (readonly [from: number, to: number])[], pad: readonly number[]) => {
    const ids = fromTo.map(([from, to], row) => [
      ...zeros(pad[row] ?? 0).map(() => config.padTokenId),
      ...(texts[row]?.slice(from, to) ?? []),
    ])
    const positions = fromTo.map(([from, to], row) => [
      ...zeros(pad[row] ?? 0),
      ...Array.from({ length: to - from }, (_, i) => from + i),
    ])
    const mask = fromTo.map(([, to], row) => [...zeros(padding[row] ?? 0), ...zeros(to).map(() => 1)])
    const results = await session.run({
      inputIds: integers(ids),
      positionIds: integers(positions),
      attentionMask: {
        dtype: 'float32',
        data: Float32Array.from(mask.flat()),
        shape: [2, mask[0]?.length ?? 0],
      },
      ...past,
    })
    past = Object.fromEntries(
      Object.entries(results).flatMap(([name, value]) =>
        name.startsWith('present.') ? [[name.replace('present.', 'past.'), value]] : [],
      ),
    )
    expect(results['logits']?.shape).toEqual([2, config.vocabularySize])
    return results['logits']?.data as Float32Array
  }
  const check = (logits: Float32Array, tokens: readonly number[]) => {
    for (const [row, token] of tokens.entries())
      expect(
        relativeError(
          logits.subarray(row * config.vocabularySize, (row + 1) * config.vocabularySize),
          logitsAt(row, token),
        ),
      ).toBeLessThan(1e-5)
  }

  try {
    check(
      await run(
        promptLengths.map((length) => [0, length]),
        padding,
      ),
      promptLengths.map((length) => length - 1),
    )
    // Further than the local window reaches.
    for (let step = 0; step < 10; step++)
      check(
        await run(
          promptLengths.map((length) => [length + step, length + step + 1]),
          [0, 0],
        ),
        promptLengths.map((length) => length + step),
      )
  } finally {
    await session.dispose()
  }
})
