import { join } from 'node:path'
import { expect, test } from 'vitest'
import { differentiate } from '../../trainer/autodiff/differentiate.ts'
import { gemm, mul, reduceSum } from '../../trainer/graph/ops.ts'
import { constant, input } from '../../trainer/graph/tensor.ts'
import { initializeTrained } from '../../trainer/lora/initialize.ts'
import { chooseTrained } from '../../trainer/lora/trained.ts'
import { loraA, loraB, magnitudeOf, trainableLora } from '../../trainer/lora/wrap.ts'
import { readWeights } from '../../trainer/models/weights.ts'
import { dropoutBank } from '../../trainer/nn/dropout.ts'
import { parseSettings } from '../../trainer/protocol.ts'
import { golden, readGoldens, relativeError } from '../support/goldens.ts'
import { loraFolder, openLoraBase, outputsOf } from '../support/lora-goldens.ts'
import { floats, integerValues, openGraph } from '../support/run-graph.ts'

test('a layer with dropout and its gradients are those of PEFT', async () => {
  const goldens = await readGoldens(join(loraFolder, 'golden.safetensors'))
  const part = (name: string) => golden(goldens, `layer/${name}`)
  const value = (name: string) => floats(part(name).data, part(name).shape)
  const weight = constant(part('weight').data, [5, 6])
  const bias = constant(part('bias').data, [5])
  const x = input('x', 'float32', [7, 6])
  const bank = dropoutBank('d', 0.5)
  const target = { path: 'l', out: 5, into: 6, rank: 2, scale: 1.5, dora: true }
  const { linear, leaves } = trainableLora(
    (given) => gemm(given, weight, { transB: true, plus: bias }),
    [target],
    { dropout: bank, stored: () => ({ weight, bias }) },
  )
  const output = linear(x, 'l')
  const loss = reduceSum(mul(output, constant(part('outputGradient').data, [7, 5])), [0, 1], false)
  const [dX, dA, dB, dMagnitude] = differentiate(loss, [x, ...leaves])
  if (!dX || !dA || !dB || !dMagnitude) throw new Error('A gradient is missing.')
  const session = await openGraph({ output, dX, dA, dB, dMagnitude })
  const results = await session.run({
    x: value('x'),
    [loraA('l')]: value('a'),
    [loraB('l')]: value('b'),
    [magnitudeOf('l')]: value('magnitude'),
    'd.bank': floats(part('mask').data, [42]),
    'd.offsets': integerValues([0], [1]),
    'd.offsetsAgain': integerValues([0], [1]),
  })
  await session.dispose()
  for (const [name, expected] of [
    ['output', 'output'],
    ['dX', 'grad/x'],
    ['dA', 'grad/a'],
    ['dB', 'grad/b'],
    ['dMagnitude', 'grad/magnitude'],
  ] as const)
    expect(
      relativeError(Array.from(results[name]?.data ?? [], Number), part(expected).data),
      name,
    ).toBeLessThan(1e-6)
})

test('a fresh adapter starts with the norms of the rows, as the base model', async () => {
  const base = await openLoraBase('gpt-neo')
  const { architecture, weights } = base.model
  const settings = parseSettings({ useDora: true, rank: 2, modulesToSave: ['ln_f'] })
  const trained = chooseTrained(architecture, settings)
  const parameters = await initializeTrained(base.model, trained, 1)
  const path = 'transformer.h.1.mlp.c_fc'
  const stored = await readWeights(weights, architecture.parameters, [
    `${path}.weight`,
    'transformer.ln_f.bias',
  ])
  const rows = stored.get(`${path}.weight`)?.data ?? new Float32Array()
  const [out, into] = architecture.linears.get(path) ?? [0, 0]
  const norms = Array.from({ length: out }, (_, row) =>
    Math.hypot(...rows.subarray(row * into, (row + 1) * into)),
  )
  const magnitudes = parameters.get(magnitudeOf(path))
  expect(magnitudes?.shape).toEqual([out])
  expect(relativeError(magnitudes?.data ?? [], norms)).toBeLessThan(1e-6)
  expect(parameters.get('transformer.ln_f.bias')).toEqual(stored.get('transformer.ln_f.bias'))
  expect(parameters.size).toBe(3 * trained.targets.length + 2)

  const adapter = { targets: trained.targets, parameters, savedModules: trained.whole, notes: [] }
  const [plain, fresh] = await outputsOf(base, [null, adapter])
  expect(relativeError(fresh?.['logits'] ?? [], plain?.['logits'] ?? [])).toBeLessThan(1e-6)
})
