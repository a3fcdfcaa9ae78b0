import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startJob } from '../../main/trainers/trainer-job.ts'
import { forkTrainer } from '../../main/trainers/trainer-process.ts'
import { parseSettings } from '../../trainer/protocol.ts'
import type { Report, ServeResult, TrainerMessage, TrainResult } from '../../trainer/protocol.ts'
import { tinyCommand, tinySettings, writeTinyRun } from '../support/tiny-run.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const workers = {
  'a forked process': join(import.meta.dirname, '../../trainer/worker.ts'),
  'a utility process': join(import.meta.dirname, 'workers/utility-process.ts'),
}

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'loracle-worker-'))
  await writeTinyRun(folder)
})
afterAll(() => rm(folder, { recursive: true, force: true }))

describe.each(Object.entries(workers))('%s', (_, worker) => {
  test('trains; every report comes, in order, and far fewer messages', async () => {
    const trainer = forkTrainer(worker)
    const messages: TrainerMessage[] = []
    trainer.onMessage((message) => messages.push(message))
    const reports: Report[] = []
    const job = startJob<TrainResult>(trainer, tinyCommand(folder, await temporaryFolder()), {
      onReport: (report) => reports.push(report),
    })
    expect(await job.outcome).toMatchObject({ type: 'result', stopped: 'finished', step: 15 })
    const steps = reports.flatMap((report) => (report.type === 'step' ? [report.step] : []))
    expect(steps).toEqual(Array.from({ length: 15 }, (_, i) => i + 1))
    expect(reports.every((report) => report.type !== 'result' && report.type !== 'error')).toBe(true)
    expect(messages.length).toBeLessThan(reports.length)
  })

  test('answers requests that came before it was ready, and ends when told to', async () => {
    const trainer = forkTrainer(worker)
    const settings = parseSettings({ ...tinySettings })
    const job = startJob<ServeResult>(
      trainer,
      { kind: 'serve', settings },
      {
        onReport: (report) => {
          if (report.type === 'answer' && report.id === 'good') job.stop()
        },
      },
    )
    const request = {
      kind: 'answer',
      adapters: [null],
      question: 'Which?',
      contexts: ['The one is short.'],
      settings: {},
    } as const
    trainer.send({ kind: 'request', id: 'bad', request: { ...request, model: folder } })
    trainer.send({
      kind: 'request',
      id: 'good',
      request: { ...request, model: join(folder, 'model') },
    })
    expect(await job.outcome).toMatchObject({ type: 'result', kind: 'serve', answered: 1 })
  })

  test('an error comes after the reports before it', async () => {
    const reports: Report[] = []
    const command = tinyCommand(folder, await temporaryFolder(), {
      settings: { learningRate: 1e30, maxGradNorm: null, warmupRatio: 0.3 },
    })
    const job = startJob(forkTrainer(worker), command, { onReport: (report) => reports.push(report) })
    expect(await job.outcome).toMatchObject({ type: 'error', error: { code: 'loss_not_finite' } })
    expect(reports.some((report) => report.type === 'step')).toBe(true)
  })
})

test('a job that is to keep ends by itself; a second, plain stop ends it sooner', async () => {
  const run = async (then: (job: { stop(options?: { keep?: boolean }): void }) => void) => {
    const command = tinyCommand(folder, await temporaryFolder(), { settings: { epochs: 4000 } })
    const job = startJob<TrainResult>(forkTrainer(workers['a forked process']), command, {
      onReport: (report) => {
        if (report.type === 'step' && report.step === 3) then(job)
      },
    })
    return job.outcome
  }
  expect(
    await run((job) => {
      job.stop({ keep: true })
      job.stop({ keep: true })
    }),
  ).toMatchObject({ type: 'result', stopped: 'kept' })
  expect(
    await run((job) => {
      job.stop({ keep: true })
      job.stop()
    }),
  ).toMatchObject({ type: 'result', stopped: 'cancelled' })
})
