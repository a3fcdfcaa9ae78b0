import { serveChecks } from './trainer.ts'

serveChecks(async ({ provider }, send) => {
  await send({ type: 'provider-case', provider, name: 'GPT-Neo', done: 1, total: 10 })
  process.kill(process.pid, 'SIGSEGV')
  await new Promise(() => undefined)
})
