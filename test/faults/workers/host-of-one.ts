/** A host that has one run trained: takes the command, says its trainer's process id and each step. */
import { mkdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { forkTrainer } from '../../../main/trainers/trainer-process.ts'
import type { TrainCommand } from '../../../trainer/protocol.ts'

const command = JSON.parse(process.argv[2] ?? '') as TrainCommand
mkdirSync(command.runDir, { recursive: true })
const trainer = forkTrainer(fileURLToPath(new URL('../../../trainer/worker.ts', import.meta.url)))
process.stdout.write(`${trainer.pid ?? 0} trains\n`)
trainer.onMessage((message) => {
  for (const report of message.type === 'batch' ? message.reports : [message])
    if (report.type === 'step') process.stdout.write(`at step ${report.step}\n`)
})
trainer.send(command)
