/** A host that asks its trainer to stop after some steps and says how that ended; it grants it 400 ms. */
import { mkdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { startJob } from '../../../main/trainers/trainer-job.ts'
import { forkTrainer } from '../../../main/trainers/trainer-process.ts'
import type { TrainCommand, TrainResult } from '../../../trainer/protocol.ts'

const command = JSON.parse(process.argv[2] ?? '') as TrainCommand
mkdirSync(command.runDir, { recursive: true })
const trainer = forkTrainer(fileURLToPath(new URL('../../../trainer/worker.ts', import.meta.url)))
process.stdout.write(`${trainer.pid ?? 0} trains\n`)
const job = startJob<TrainResult>(trainer, command, {
  stopGraceMs: 400,
  killGraceMs: 400,
  onReport: ({ type }) => {
    if (type === 'step') process.stdout.write('a step\n')
  },
})
// The one who watches stops the trainer first, so that it hears of this only when it wakes.
process.on('SIGUSR2', () => {
  job.stop()
  process.stdout.write('asked\n')
})
const outcome = await job.outcome
process.stdout.write(outcome.type === 'result' ? `saved at ${outcome.step}\n` : `${outcome.error.message}\n`)
