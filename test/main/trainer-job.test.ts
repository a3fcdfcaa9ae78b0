import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { startJob } from '../../main/trainers/trainer-job.ts'
import { forkTrainer } from '../../main/trainers/trainer-process.ts'
import { parseSettings } from '../../trainer/protocol.ts'
import type { Command, Report } from '../../trainer/protocol.ts'
import { isAlive, start } from './spawn-cli.ts'

const worker = (name: string): string => fileURLToPath(new URL(`./workers/${name}`, import.meta.url))
const realWorker = fileURLToPath(new URL('../../trainer/worker.ts', import.meta.url))
const question = (text: string): Command => ({
  kind: 'ask',
  model: '.',
  adapter: null,
  question: text,
  context: '',
  settings: parseSettings({}),
})

test('a deaf trainer gets a stop message, then SIGTERM, then SIGKILL', async () => {
  const reports: Report[] = []
  const job = startJob(forkTrainer(worker('deaf.ts')), question('Q'), {
    stopGraceMs: 150,
    killGraceMs: 150,
    onReport: (report) => {
      reports.push(report)
      if (reports.length === 1) job.stop()
    },
  })
  expect(await job.outcome).toMatchObject({ type: 'error', error: { code: 'cancelled' } })
  const texts = reports.map((report) => (report.type === 'token' ? report.text : ''))
  // Its first word answers the command, its second the stop message, its third the signal.
  expect(texts).toEqual([expect.stringMatching(/^pid/), expect.stringMatching(/^pid/), 'SIGTERM'])
})

test('a trainer ended by a signal is trainer_crashed, with its last words', async () => {
  const job = startJob(forkTrainer(worker('crashing.ts')), question('SIGKILL'), { onReport: () => undefined })
  expect(await job.outcome).toEqual({
    type: 'error',
    error: {
      code: 'trainer_crashed',
      message: expect.stringMatching(/was ended by SIGKILL, probably for want of memory/) as string,
      details: { exitCode: null, signal: 'SIGKILL', stderr: 'first words\nlast words' },
    },
  })
})

test('the real worker answers a command that fails with an error value', async () => {
  const command: Command = { kind: 'score', data: '/does/not/exist.json', predictions: '/neither.json' }
  const job = startJob(forkTrainer(realWorker), command, { onReport: () => undefined })
  expect(await job.outcome).toMatchObject({
    type: 'error',
    error: { code: 'file_missing', message: expect.stringContaining('exist') as string },
  })
})

test('the real worker ignores the Ctrl-C of its terminal', async () => {
  const host = start('test/main/workers/host.ts', [realWorker])
  await host.sees('ready')
  const trainer = Number(/\d+/.exec(host.seen())?.[0])
  process.kill(trainer, 'SIGINT')
  await new Promise((resolve) => setTimeout(resolve, 200))
  expect(isAlive(trainer)).toBe(true)
  host.child.kill('SIGKILL')
  await host.finished
})

test('the real worker does not outlive a host that was killed', async () => {
  const host = start('test/main/workers/host.ts', [realWorker])
  await host.sees('ready')
  const trainer = Number(/\d+/.exec(host.seen())?.[0])
  expect(isAlive(trainer)).toBe(true)
  host.child.kill('SIGKILL')
  await expect.poll(() => isAlive(trainer), { timeout: 5_000 }).toBe(false)
})

test('a host that ends takes even a deaf trainer with it', async () => {
  const host = start('test/main/workers/host.ts', [worker('deaf.ts'), 'exit'])
  await host.sees('ready')
  const trainer = Number(/\d+/.exec(host.seen())?.[0])
  await host.finished
  await expect.poll(() => isAlive(trainer), { timeout: 5_000 }).toBe(false)
})
