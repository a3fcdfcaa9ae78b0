import { mutant } from '../mutate.ts'
import { readSamples } from '../samples.ts'
import type { MakeCase } from '../targets.ts'

/** Damaged samples of all import cases, some under another's name. */
export async function readerCases(): Promise<MakeCase> {
  const samples = await readSamples()
  return (seed, index) => {
    const { bytes, extension, story } = mutant(samples, seed, index)
    return { files: [{ path: `in/case-${index}${extension}`, bytes }], story }
  }
}
