/** A host that forks the named worker, says the worker's process id, and waits, or exits after a moment. */
import { forkTrainer } from '../../../main/runs/trainer-process.ts'

const [workerPath = '', then] = process.argv.slice(2)
const trainer = forkTrainer(workerPath)
// Long enough for the worker to have set its signal handlers.
setTimeout(() => {
  process.stdout.write(`${trainer.pid} ready\n`)
  if (then === 'exit') process.exit(0)
}, 500)
