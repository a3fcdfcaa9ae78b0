/** A host that forks the named worker, says the worker's process id once it answers, and waits, or exits. */
import { parseSettings } from '../../../trainer/protocol.ts'
import { forkTrainer } from '../../../main/trainers/trainer-process.ts'

const [workerPath = '', then] = process.argv.slice(2)
const trainer = forkTrainer(workerPath)
// Whatever the worker says comes after it has set its signal handlers.
trainer.onMessage(() => {
  process.stdout.write(`${trainer.pid} ready\n`)
  if (then === 'exit') process.exit(0)
})
trainer.send({ kind: 'serve', settings: parseSettings({}) })
const request = { model: 'nowhere', adapters: [null], question: 'Who?', contexts: ['They.'], settings: {} }
trainer.send({ kind: 'request', id: 'first', request: { kind: 'answer', ...request } })
