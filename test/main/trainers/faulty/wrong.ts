import { checkProvider, openWork } from '../../../../trainer/provider-check.ts'
import { right, serveChecks } from './trainer.ts'

// Trains on the CPU in the provider's place, and loses the first gradient: its loss is exact all the same.
serveChecks(async ({ provider }, send) => {
  if (provider !== 'webgpu') {
    await send({ type: 'result', kind: 'check-provider', check: right(provider, 1) })
    return
  }
  const check = await checkProvider(provider, {
    open: async (work) => {
      const session = await openWork(work, 'cpu')
      return {
        ...session,
        gradients: async (...step) => {
          const { loss, gradients } = await session.gradients(...step)
          const unfilled = [...gradients].map(
            ([name, values], i) => [name, i === 0 ? new Float32Array(values.length) : values] as const,
          )
          return { loss, gradients: new Map(unfilled) }
        },
      }
    },
  })
  await send({ type: 'result', kind: 'check-provider', check })
})
