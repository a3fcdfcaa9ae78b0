import { right, serveChecks } from './trainer.ts'

// WebGPU is faster than the CPU, CUDA is slower, DirectML fails.
serveChecks(async ({ provider }, send) => {
  const check =
    provider === 'dml'
      ? { ...right(provider, 1), status: 'failed' as const, available: false, message: 'no such device' }
      : right(provider, provider === 'webgpu' ? 10 : 1000)
  await send({ type: 'result', kind: 'check-provider', check })
})
