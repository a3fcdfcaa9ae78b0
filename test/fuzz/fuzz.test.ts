import { expect, test } from 'vitest'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { fuzz } from './fuzz.ts'
import { mutant } from './mutate.ts'
import { readSamples } from './samples.ts'
import { targets } from './targets.ts'
import type { TargetName } from './targets.ts'

/** How many of each, and what must be among the outcomes. The long runs are made by hand: see `main.ts`. */
const short: Readonly<Record<TargetName, readonly [count: number, ...outcomes: readonly string[]]>> = {
  readers: [80, 'passages', 'examples', 'file_unreadable'],
  safetensors: [60, 'inspected', 'read', 'weights_invalid', 'file_unreadable'],
  config: [60, 'inspected', 'opened', 'model_invalid'],
  tokenizer: [25, 'encoded', 'tokenizer_invalid'],
  adapter: [60, 'read', 'adapter_invalid', 'weights_invalid'],
  checkpoint: [20, 'checkpoint', 'result', 'settings'],
  squad: [40, 'examples', 'data_invalid'],
}

test.each(Object.keys(targets) as TargetName[])(
  'hostile files for %s end in a result or an error with a code',
  async (target) => {
    const [count, ...expected] = short[target]
    const { failures, outcomes, cases } = await fuzz({
      target,
      seed: 7,
      from: 0,
      count,
      folder: await temporaryFolder(),
    })
    expect(failures).toEqual([])
    expect(cases).toBe(count)
    expect(Object.keys(outcomes)).toEqual(expect.arrayContaining(expected))
  },
)

test('a seed makes the same files again, and another one others', async () => {
  const samples = await readSamples()
  const mutants = (seed: number) => Array.from({ length: 20 }, (_, i) => mutant(samples, seed, i))
  expect(mutants(3)).toEqual(mutants(3))
  expect(mutants(3)).not.toEqual(mutants(4))

  for (const { cases } of Object.values(targets)) {
    const makeCase = await cases(await temporaryFolder())
    const made = (seed: number) => Array.from({ length: 10 }, (_, i) => makeCase(seed, i))
    expect(made(3)).toEqual(made(3))
  }
})
