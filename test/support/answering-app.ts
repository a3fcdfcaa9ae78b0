import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'
import { createAnswering } from '../../main/trainers/answering.ts'
import type { AnsweringOptions } from '../../main/trainers/answering.ts'
import { forkTrainer } from '../../main/trainers/trainer-process.ts'
import type { TrainerProcess } from '../../main/trainers/trainer-process.ts'
import type { AnswerRequest } from '../../trainer/protocol.ts'
import { temporaryFolder } from './temporary-folder.ts'
import { writeTinyRun } from './tiny-run.ts'

const worker = fileURLToPath(new URL('../../trainer/worker.ts', import.meta.url))

/** The answering side over real processes and a tiny random model, ended with the test. */
export async function openAnsweringApp(options: Partial<AnsweringOptions> = {}) {
  const folder = await temporaryFolder()
  await writeTinyRun(folder)
  const trainers: TrainerProcess[] = []
  const answering = createAnswering({
    startTrainer: () => {
      const trainer = forkTrainer(worker)
      trainers.push(trainer)
      return trainer
    },
    settings: { threads: 1 },
    ...options,
  })
  onTestFinished(() => answering.dispose())
  const request = (change: Partial<AnswerRequest> = {}): AnswerRequest => ({
    model: join(folder, 'model'),
    adapters: [null],
    question: 'Which is short?',
    contexts: ['The sentence is so short.'],
    settings: { maxTargetLength: 4 },
    ...change,
  })
  const pid = (index: number): number => trainers[index]?.pid ?? 0
  return { answering, trainers, request, pid, model: join(folder, 'model') }
}

/** A question that is answered for as long as a test takes. */
export const longQuestion: Partial<AnswerRequest> = {
  contexts: Array.from({ length: 3_000 }, (_, i) => `The sentence ${i} is so short.`),
  settings: { maxTargetLength: 32, numBeams: 16 },
}
