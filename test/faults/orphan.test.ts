import { readFile, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { openMetrics } from '../../trainer/run/metrics-file.ts'
import { start } from '../main/spawn-cli.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { tinyCommand, writeTinyRun } from '../support/tiny-run.ts'
import { isRunning } from './processes.ts'

test.skipIf(process.platform === 'win32')(
  'a trainer that was stopped while its host died writes nothing into the run when it wakes',
  async () => {
    const folder = await temporaryFolder()
    await writeTinyRun(folder)
    const runDir = join(folder, 'run')
    const command = tinyCommand(folder, runDir, { settings: { epochs: 10_000, evaluateEvery: 100_000 } })
    const metrics = () => readFile(join(runDir, 'metrics.jsonl'), 'utf8').catch(() => '')

    const host = start('test/faults/workers/host-of-one.ts', [JSON.stringify(command)])
    await host.sees('at step')
    const pid = Number(/^(\d+) trains$/m.exec(host.seen())?.[1])
    onTestFinished(() => void (isRunning(pid) && process.kill(pid, 'SIGKILL')))
    process.kill(pid, 'SIGSTOP')
    host.child.kill('SIGKILL')
    await host.finished
    const names = async () => (await readdir(join(runDir, 'checkpoints')).catch(() => [])).join()
    // Another process goes on with the run meanwhile.
    const next = await openMetrics(runDir, { step: 0, validatedStep: 0 })
    await next.close()
    const checkpoints = await names()
    process.kill(pid, 'SIGCONT')
    await expect.poll(() => isRunning(pid)).toBe(false)
    expect([await names(), await metrics()]).toEqual([checkpoints, ''])
  },
)
