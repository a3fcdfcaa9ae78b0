import { describe, expect, test } from 'vitest'
import { initializeLora } from '../../trainer/lora/initialize.ts'
import { chooseTargets } from '../../trainer/lora/targets.ts'
import type { LoraOptions } from '../../trainer/lora/targets.ts'
import { trainableLora } from '../../trainer/lora/wrap.ts'
import { gemm } from '../../trainer/graph/ops.ts'
import { constant } from '../../trainer/graph/tensor.ts'
import { parseT5Config, t5Linears } from '../../trainer/models/t5-config.ts'
import { dropoutBank } from '../../trainer/nn/dropout.ts'
import { flanT5Small } from '../support/random-model.ts'
import { floats, integerValues, runGraph } from '../support/run-graph.ts'

const linears = t5Linears(parseT5Config(flanT5Small, 'config.json', new Set(['lm_head.weight'])))
const choose = (options: Partial<LoraOptions>) =>
  chooseTargets(linears, {
    rank: 8,
    alpha: 16,
    rankStabilized: false,
    targetModules: 'all-linear',
    layersToTransform: null,
    ...options,
  })

describe('the layers that are adapted', () => {
  test('all-linear takes every linear layer of the blocks, and not the head', () => {
    expect(choose({}).map(({ path }) => path)).toEqual([...linears.keys()])
    expect([...linears.keys()].some((path) => path.includes('lm_head'))).toBe(false)
  })

  test('names choose by the end of the path, a whole part at a time', () => {
    const paths = choose({ targetModules: ['q', 'v'] }).map(({ path }) => path)
    expect(paths).toHaveLength(2 * 24)
    expect(paths.every((path) => /\.[qv]$/.test(path))).toBe(true)
    expect(choose({ targetModules: ['wi_0'] })).toHaveLength(16)
    expect(choose({ targetModules: ['EncDecAttention.k'] })).toHaveLength(8)
    expect(choose({ targetModules: ['encoder.block.3.layer.0.SelfAttention.q'] })).toHaveLength(1)
    expect(() => choose({ targetModules: ['i_0'] })).toThrow(
      expect.objectContaining({ code: 'setting_invalid' }),
    )
  })

  test('layers choose blocks of both stacks', () => {
    const paths = choose({ targetModules: ['q'], layersToTransform: [7] }).map(({ path }) => path)
    expect(paths).toEqual([
      'encoder.block.7.layer.0.SelfAttention.q',
      'decoder.block.7.layer.0.SelfAttention.q',
      'decoder.block.7.layer.1.EncDecAttention.q',
    ])
  })

  test('sizes and scale', () => {
    const [q] = choose({ targetModules: ['q'] })
    expect(q).toMatchObject({ out: 384, into: 512, rank: 8, scale: 2 })
    expect(choose({ targetModules: ['wo'], rankStabilized: true })[0]).toMatchObject({
      out: 512,
      into: 1024,
      scale: 16 / Math.sqrt(8),
    })
  })

  test('a regular expression chooses by the whole path', () => {
    const paths = choose({ targetModules: ['decoder\\..*\\.[qv]'] }).map(({ path }) => path)
    expect(paths).toHaveLength(4 * 8)
    expect(paths.every((path) => path.startsWith('decoder.') && /\.[qv]$/.test(path))).toBe(true)
    expect(choose({ targetModules: ['.*wi_\\d', 'q'] })).toHaveLength(2 * 16 + 24)
  })

  test('ranks and alphas differ by pattern, the first that fits counts', () => {
    const targets = choose({
      rankPattern: { 'encoder.*q': 2, q: 4, 'SelfAttention.v': 6 },
      alphaPattern: { '^decoder.*q$': 8 },
      useDora: true,
    })
    const of = (path: string) => targets.find((target) => target.path === path)
    expect(of('encoder.block.0.layer.0.SelfAttention.q')).toMatchObject({ rank: 2, scale: 8, dora: true })
    expect(of('decoder.block.0.layer.0.SelfAttention.q')).toMatchObject({ rank: 4, scale: 2 })
    expect(of('decoder.block.0.layer.0.SelfAttention.v')).toMatchObject({ rank: 6 })
    expect(of('decoder.block.0.layer.1.EncDecAttention.v')).toMatchObject({ rank: 8, scale: 2 })
  })

  test.each([
    [{ targetModules: ['q', 'query'] }, /names query, which is no linear layer.*It has: q, k, v, o, wi_0/],
    [{ layersToTransform: [8] }, /names layer 8, which this model lacks\. It has: 0, 1, .*7\./],
    [{ rankPattern: { query: 4 } }, /rankPattern names query, which is no adapted layer\. There are: q, k/],
    [{ targetModules: ['q'], alphaPattern: { v: 4 } }, /alphaPattern names v, which is no adapted layer/],
    [{ targetModules: ['(q'] }, /\(q, which is no regular expression .*has a \( that is not closed/],
    [{ targetModules: ['(?!q)v'] }, /has a lookaround or a flag/],
    [{ rank: 0 }, /The rank of .* cannot be 0/],
    [{ rankPattern: { q: 0.5 } }, /The rank of .*\.q cannot be 0\.5/],
    [
      { targetModules: ['encoder.block.0.layer.0.SelfAttention.q'], layersToTransform: [1] },
      /choose no layer/,
    ],
  ])('%j is refused', (options, message) => {
    expect(() => choose(options)).toThrow(
      expect.objectContaining({
        code: 'setting_invalid',
        message: expect.stringMatching(message) as string,
      }),
    )
  })
})

describe('fresh adapters', () => {
  const targets = choose({ targetModules: ['q', 'wo'] })

  test('A is uniform within 1/√in as PEFT draws it, B is zero', () => {
    for (const { path, into } of targets) {
      const a = initializeLora(targets, 1).get(`${path}.lora_A.weight`)?.data ?? new Float32Array()
      const bound = 1 / Math.sqrt(into)
      const squares = a.reduce((sum, value) => sum + value * value, 0) / a.length
      expect(a.every((value) => Math.abs(value) <= bound)).toBe(true)
      // The variance of a uniform distribution over ±b is b²/3.
      expect(squares / (bound ** 2 / 3)).toBeCloseTo(1, 0)
      expect(
        initializeLora(targets, 1)
          .get(`${path}.lora_B.weight`)
          ?.data.every((value) => value === 0),
      ).toBe(true)
      if (path !== targets[0]?.path) break
    }
  })

  test('a function of seed and path, not of what else is adapted', () => {
    const some = initializeLora(targets, 1)
    const all = initializeLora(choose({}), 1)
    const name = `${targets[0]?.path ?? ''}.lora_A.weight`
    const other = `${targets[1]?.path ?? ''}.lora_A.weight`
    expect(some.get(name)).toEqual(all.get(name))
    expect(some.get(name)?.data).not.toEqual(initializeLora(targets, 2).get(name)?.data)
    expect(some.get(name)?.data).not.toEqual(some.get(other)?.data)
  })
})

describe('an adapted layer', () => {
  const target = { path: 'l', out: 2, into: 2, rank: 1, scale: 3, dora: false }
  const weight = constant([1, 2, 3, 4], [2, 2])
  const base = (x: Parameters<typeof gemm>[0]) => gemm(x, weight, { transB: true })
  const x = constant([1, 10], [1, 2])
  const feeds = { 'l.lora_A.weight': floats([5, 7], [1, 2]), 'l.lora_B.weight': floats([1, -1], [2, 1]) }
  // W·x = (21, 43), A·x = 75, scale·B·75 = (225, -225)
  const expected = [246, -182]

  const stored = () => ({ weight, bias: null })

  test.each([
    ['merged', false],
    ['as two products', true],
  ] as const)('%s computes W·x + scale·B·A·x', async (_, thin) => {
    const { linear } = trainableLora(base, [target], { dropout: null, stored, thin })
    expect((await runGraph(linear(x, 'l'), feeds)).data).toEqual(expected)
    expect((await runGraph(linear(x, 'another'))).data).toEqual([21, 43])
  })

  test('dropout acts on what goes into A alone, also where merging was offered', async () => {
    const bank = dropoutBank('d', 0.5)
    const { linear } = trainableLora(base, [target], { dropout: bank, stored })
    const fed = { ...feeds, 'd.bank': floats([2, 0], [2]), 'd.offsets': integerValues([0], [1]) }
    // A·(2, 0) = 10
    expect((await runGraph(linear(x, 'l'), fed)).data).toEqual([51, 13])
  })
})
