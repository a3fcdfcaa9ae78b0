import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, onTestFinished, test } from 'vitest'
import { RunClock } from '../../trainer/run/run-clock.ts'
import { start } from '../main/spawn-cli.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { tinyCommand, writeTinyRun } from '../support/tiny-run.ts'
import { isRunning } from './processes.ts'

describe.skipIf(process.platform === 'win32')('a machine that sleeps', () => {
  test(
    'a trainer that was asked to stop saves when it wakes, and is not killed for the time it slept',
    { timeout: 240_000 },
    async () => {
      const folder = await temporaryFolder()
      await writeTinyRun(folder)
      const command = tinyCommand(folder, join(folder, 'run'), {
        settings: { epochs: 10_000, saveEvery: 100_000 },
      })
      const host = start('test/faults/workers/stopping-host.ts', [JSON.stringify(command)])
      await host.sees('a step')
      const trainer = Number(/^(\d+) trains$/m.exec(host.seen())?.[1])
      onTestFinished(() => {
        for (const pid of [trainer, host.child.pid ?? 0]) if (isRunning(pid)) process.kill(pid, 'SIGKILL')
      })
      process.kill(trainer, 'SIGSTOP')
      host.child.kill('SIGUSR2')
      await host.sees('asked')
      host.child.kill('SIGSTOP')
      await sleep(1_500)
      host.child.kill('SIGCONT')
      process.kill(trainer, 'SIGCONT')
      expect((await host.finished).stdout).toMatch(/^saved at \d+$/m)
    },
  )
})

test('a step in which the machine slept makes no other time left of it', () => {
  const clock = new RunClock(0, 0)
  for (let step = 0; step < 40; step++) clock.count(100, 0.1)
  expect(clock.secondsFor(100)).toBeCloseTo(10)
  clock.count(100, 3_600)
  expect(clock.secondsFor(100)).toBeLessThan(20)
  expect(clock.tokensPerSecond).toBeGreaterThan(200)
  // It has passed all the same.
  expect(clock.seconds).toBeCloseTo(3_604)
})
