import { cp, mkdir, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { loadCheckpoint, saveCheckpoint } from '../../trainer/checkpoint/checkpoint.ts'
import type { Checkpoint } from '../../trainer/checkpoint/checkpoint.ts'
import { encodeSafetensors } from '../../trainer/checkpoint/safetensors.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const names = ['layer.lora_A.weight', 'layer.lora_B.weight']
const tensors = (value: number) =>
  new Map(
    names.map((name, i) => [name, { shape: [2, 1 + i], data: new Float32Array(2 + 2 * i).fill(value + i) }]),
  )
const moments = (value: number) => new Map([...tensors(value)].map(([name, { data }]) => [name, data]))

function checkpointOf(step: number): Checkpoint {
  return {
    state: {
      version: 1,
      fingerprint: 'abc',
      step,
      optimizerStep: step,
      tokens: 1234,
      seconds: 5.5,
      validatedStep: 2,
      bestStep: 2,
      bestValue: 0.1 + 0.2,
      validationsWithoutGain: 1,
    },
    parameters: tensors(step),
    best: tensors(20),
    optimizer: { first: moments(0.1), second: moments(1e-30), step },
  }
}
const fileName = (step: number) => `step-${String(step).padStart(8, '0')}.safetensors`

test('what is saved is loaded, to the bit', async () => {
  const runDir = await temporaryFolder()
  expect(await loadCheckpoint(runDir, 'abc')).toBeNull()
  const path = await saveCheckpoint(runDir, checkpointOf(7))
  expect(path).toBe(join(runDir, 'checkpoints', fileName(7)))
  expect(await loadCheckpoint(runDir, 'abc')).toEqual(checkpointOf(7))
})

test('a run without a validation yet has no best parameters', async () => {
  const runDir = await temporaryFolder()
  const { state } = checkpointOf(1)
  const fresh = { ...checkpointOf(1), state: { ...state, bestValue: null }, best: new Map() }
  await saveCheckpoint(runDir, fresh)
  expect(await loadCheckpoint(runDir, 'abc')).toEqual(fresh)
})

test('the last two are kept and nothing else lies beside them', async () => {
  const runDir = await temporaryFolder()
  for (const step of [9, 10, 11, 100]) await saveCheckpoint(runDir, checkpointOf(step))
  expect((await readdir(join(runDir, 'checkpoints'))).sort()).toEqual([fileName(11), fileName(100)])
  expect((await loadCheckpoint(runDir, 'abc'))?.state.step).toBe(100)
})

test('an equal checkpoint has equal bytes', async () => {
  const [a, b] = [await temporaryFolder(), await temporaryFolder()]
  const [first, second] = [await saveCheckpoint(a, checkpointOf(3)), await saveCheckpoint(b, checkpointOf(3))]
  expect((await readFile(first)).equals(await readFile(second))).toBe(true)
})

const damages: readonly (readonly [string, (path: string) => Promise<void>])[] = [
  ['cut off', (path) => truncate(path, 300)],
  ['empty', (path) => truncate(path, 0)],
  ['not JSON', (path) => writeFile(path, 'x'.repeat(5000))],
  ['a state of another version', (path) => stateWritten(path, { ...checkpointOf(9).state, version: 2 })],
  ['a state that lacks a part', (path) => stateWritten(path, { ...checkpointOf(9).state, step: undefined })],
  ['a state that is no JSON', (path) => writeFile(path, encodeSafetensors(new Map(), { state: '{' }))],
  ['no state', (path) => writeFile(path, encodeSafetensors(new Map()))],
]

test.each(damages)('a newest checkpoint that is damaged (%s) is passed over', async (_, damage) => {
  const runDir = await temporaryFolder()
  await saveCheckpoint(runDir, checkpointOf(8))
  await damage(await saveCheckpoint(runDir, checkpointOf(9)))
  expect(await loadCheckpoint(runDir, 'abc')).toEqual(checkpointOf(8))
})

test('where all are damaged there is an error, not a new start', async () => {
  const runDir = await temporaryFolder()
  for (const step of [8, 9]) await truncate(await saveCheckpoint(runDir, checkpointOf(step)), 100)
  await expect(loadCheckpoint(runDir, 'abc')).rejects.toMatchObject({ code: 'checkpoint_invalid' })
})

test('a checkpoint of other settings is refused, also where an older one would fit', async () => {
  const runDir = await temporaryFolder()
  await saveCheckpoint(runDir, checkpointOf(8))
  const { state } = checkpointOf(9)
  await saveCheckpoint(runDir, { ...checkpointOf(9), state: { ...state, fingerprint: 'other' } })
  await expect(loadCheckpoint(runDir, 'abc')).rejects.toMatchObject({
    code: 'checkpoint_invalid',
    message: expect.stringContaining('other settings, data or model') as string,
  })
})

test('files that are no checkpoints are neither read nor removed', async () => {
  const runDir = await temporaryFolder()
  const path = await saveCheckpoint(runDir, checkpointOf(1))
  await cp(path, `${path}.tmp`)
  await writeFile(join(runDir, 'checkpoints/step-x.safetensors'), '')
  await saveCheckpoint(runDir, checkpointOf(2))
  await saveCheckpoint(runDir, checkpointOf(3))
  expect((await readdir(join(runDir, 'checkpoints'))).sort()).toEqual(
    [fileName(1) + '.tmp', fileName(2), fileName(3), 'step-x.safetensors'].sort(),
  )
})

test('a save that fails leaves the checkpoints before it', async () => {
  const runDir = await temporaryFolder()
  await saveCheckpoint(runDir, checkpointOf(1))
  // A folder in the way of the temporary file makes the write fail for every user.
  await mkdir(join(runDir, 'checkpoints', `${fileName(2)}.tmp`, 'in the way'), { recursive: true })
  await expect(saveCheckpoint(runDir, checkpointOf(2))).rejects.toThrow()
  expect((await loadCheckpoint(runDir, 'abc'))?.state.step).toBe(1)
  await rm(join(runDir, 'checkpoints', `${fileName(2)}.tmp`), { recursive: true })
})

function stateWritten(path: string, state: unknown): Promise<void> {
  return writeFile(path, encodeSafetensors(tensors(1), { state: JSON.stringify(state) }))
}
