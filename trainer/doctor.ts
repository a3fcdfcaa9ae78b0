import { cpus, freemem, totalmem } from 'node:os'
import type { TrainerContext } from './context.ts'
import type { DoctorCommand, DoctorResult } from './protocol.ts'
import { checkProviders } from './provider-check.ts'
import { runtimeVersion } from './session.ts'

const megabyte = 1024 * 1024

/** Says what this machine has, and which execution providers compute right gradients on it. */
export async function doctor(_command: DoctorCommand, context: TrainerContext): Promise<DoctorResult> {
  context.report({ type: 'phase', phase: 'loading' })
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
    providers: await checkProviders(),
  }
}
