import { right, serveChecks } from './trainer.ts'

serveChecks(async ({ provider }, send) => {
  if (provider !== 'webgpu') {
    await send({ type: 'result', kind: 'check-provider', check: right(provider, 1) })
    return
  }
  await send({ type: 'provider-case', provider, name: 'BERT', done: 2, total: 10 })
  // As a driver does: the thread comes back to no message.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
})
