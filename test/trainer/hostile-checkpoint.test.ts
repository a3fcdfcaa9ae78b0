import { copyFile, mkdir, readdir, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readSafetensors, readSafetensorsHeader } from '../../trainer/checkpoint/safetensors.ts'
import type { NamedTensor } from '../../trainer/checkpoint/safetensors.ts'
import { encodeSafetensors } from '../../trainer/checkpoint/safetensors.ts'
import { writeAtomic } from '../../trainer/checkpoint/write-atomic.ts'
import { removeResultFile } from '../../trainer/run/result-file.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { runTiny, tinyCommand, writeTinyRun } from '../support/tiny-run.ts'

type Change = (tensors: Map<string, NamedTensor>, state: Record<string, unknown>) => void

const firstWith = (tensors: ReadonlyMap<string, NamedTensor>, prefix: string): string =>
  [...tensors.keys()].find((name) => name.startsWith(prefix)) ?? ''

const changes: readonly (readonly [string, Change])[] = [
  ['a parameter lost', (tensors) => tensors.delete(firstWith(tensors, 'parameter/'))],
  ['a moment lost', (tensors) => tensors.delete(firstWith(tensors, 'second/'))],
  [
    'a matrix that lies on its side',
    (tensors) => {
      const name = firstWith(tensors, 'parameter/')
      const tensor = tensors.get(name)
      if (tensor) tensors.set(name, { ...tensor, shape: tensor.shape.toReversed() })
    },
  ],
  ['a step behind the last', (_tensors, state) => (state['step'] = 1e15)],
]

test('a checkpoint that does not hold what the run trains is not gone on with', async () => {
  const folder = await temporaryFolder()
  await writeTinyRun(folder)
  const runDir = join(folder, 'run')
  const settings = { epochs: 1, saveEvery: 2 }
  await runTiny(tinyCommand(folder, runDir, { settings }))
  const [first = ''] = (await readdir(join(runDir, 'checkpoints'))).sort()
  const sound = join(folder, 'sound')
  await rename(join(runDir, 'checkpoints', first), sound)
  for (const [what, change] of changes) {
    const copy = join(folder, what.replaceAll(' ', '-'))
    await mkdir(join(copy, 'checkpoints'), { recursive: true })
    const tensors = await readSafetensors(sound)
    const { metadata } = await readSafetensorsHeader(sound)
    const state = JSON.parse(metadata['state'] ?? '{}') as Record<string, unknown>
    change(tensors, state)
    const bytes = encodeSafetensors(tensors, { state: JSON.stringify(state) })
    await writeAtomic(join(copy, 'checkpoints', first), bytes)
    await expect(runTiny(tinyCommand(folder, copy, { settings, resume: true })), what).rejects.toMatchObject({
      code: 'checkpoint_invalid',
    })
    // The one before it is taken where there is one.
    await rename(join(copy, 'checkpoints', first), join(copy, 'checkpoints', 'step-00000005.safetensors'))
    await copyFile(sound, join(copy, 'checkpoints', first))
  }
  const [what] = changes[0] ?? ['']
  const { result } = await runTiny(
    tinyCommand(folder, join(folder, what.replaceAll(' ', '-')), { settings, resume: true }),
  )
  expect(result.stopped).toBe('finished')
})

test('a folder where the result of a run belongs does not stop it', async () => {
  const folder = await temporaryFolder()
  await mkdir(join(folder, 'result.json', 'inside'), { recursive: true })
  await removeResultFile(folder)
  expect(await readdir(folder)).toEqual([])
})
