import { fork } from 'node:child_process'
import { readdir } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { temporaryFolder } from '../support/temporary-folder.ts'

const worker = fileURLToPath(new URL('../../trainer/worker.ts', import.meta.url))

test('ONNX Runtime reports nothing: its telemetry, which begins with a log in the temporary folder, never starts', async () => {
  const folder = await temporaryFolder()
  // The runtime also keeps silent where it is told that it is being tested, which must not be why.
  const env: NodeJS.ProcessEnv = {
    PATH: process.env['PATH'],
    // No graphics driver: only the processor is checked.
    VK_DRIVER_FILES: folder,
    VK_ICD_FILENAMES: folder,
    TMPDIR: folder,
    TMP: folder,
    TEMP: folder,
    HOME: folder,
  }
  const child = fork(worker, [], { env, serialization: 'advanced', stdio: 'ignore', execArgv: [] })
  const finished = new Promise<unknown>((resolve, reject) => {
    child.on('message', (message: { type: string }) => {
      if (message.type === 'result' || message.type === 'error') resolve(message)
    })
    child.on('error', reject)
  })
  const closed = new Promise((resolve) => child.on('close', resolve))
  child.send({ kind: 'doctor' })
  expect(await finished).toMatchObject({ type: 'result', kind: 'doctor' })
  await closed
  expect((await readdir(folder)).filter((name) => /^mat-debug|\.ses$/.test(name))).toEqual([])
})
