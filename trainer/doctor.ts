import { cpus, freemem, totalmem } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import type { TrainerContext } from './context.ts'
import type {
  CheckProviderCommand,
  CheckProviderResult,
  DoctorCommand,
  DoctorResult,
  ProviderCheck,
} from './protocol.ts'
import { checkProvider } from './provider-check.ts'
import { runtimeVersion } from './session.ts'

const megabyte = 1024 * 1024

/**
 * Says what this machine has, and whether the CPU computes right gradients. Everything else needs a driver, and a
 * process of its own for each (see `checkOne`).
 */
export async function doctor(_command: DoctorCommand, context: TrainerContext): Promise<DoctorResult> {
  const processors = cpus()
  return {
    type: 'result',
    kind: 'doctor',
    versions: {
      node: process.versions.node,
      onnxruntime: runtimeVersion(),
      platform: `${process.platform}-${process.arch}`,
    },
    processor: processors[0]?.model.trim() ?? 'unknown',
    cores: processors.length,
    memoryMb: Math.round(totalmem() / megabyte),
    freeMemoryMb: Math.round(freemem() / megabyte),
    providers: [await checkWith(context, 'cpu')],
  }
}

/** Checks one execution provider; each step that is tried is reported before it, so that a hang can be told. */
export async function checkOne(
  { provider }: CheckProviderCommand,
  context: TrainerContext,
): Promise<CheckProviderResult> {
  return { type: 'result', kind: 'check-provider', check: await checkWith(context, provider) }
}

function checkWith(
  context: TrainerContext,
  provider: CheckProviderCommand['provider'],
): Promise<ProviderCheck> {
  return checkProvider(provider, {
    onCase: async (name, done, total) => {
      context.report({ type: 'provider-case', provider, name, done, total })
      // Reports that come close on one another wait this long, and a driver that fails would take them with it.
      if (provider !== 'cpu') await sleep(60)
    },
  })
}
