import { expect, test } from 'vitest'
import { fuzzReaders } from '../../fuzz/fuzz.ts'
import { mutant } from '../../fuzz/mutate.ts'
import { readSamples } from '../../fuzz/samples.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

// The long run, by hand: npm exec -- node test/fuzz/readers.ts --seed 1 --count 5000
test('damaged files give rows, passages or errors with a code', async () => {
  const folder = await temporaryFolder()
  const { failures, outcomes } = await fuzzReaders({ seed: 7, from: 0, count: 150, folder })
  expect(failures).toEqual([])
  expect(outcomes['passages']).toBeGreaterThan(0)
  expect(outcomes['examples']).toBeGreaterThan(0)
  expect(outcomes['file_unreadable']).toBeGreaterThan(0)
})

test('a seed makes the same files again, and another one others', async () => {
  const samples = await readSamples()
  const mutants = (seed: number) => Array.from({ length: 20 }, (_, i) => mutant(samples, seed, i))
  expect(mutants(3)).toEqual(mutants(3))
  expect(mutants(3)).not.toEqual(mutants(4))
})
