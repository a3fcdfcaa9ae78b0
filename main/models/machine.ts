import { mkdir } from 'node:fs/promises'
import { cpus } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { graphics } from 'systeminformation'
import type { MachineInfo } from '../contract/models.ts'
import type { Store } from '../store/open.ts'
import { errorOf } from '../trainers/error-value.ts'
import { machineMemory } from '../trainers/machine-memory.ts'
import type { Providers } from '../trainers/providers.ts'
import { freeDiskBytes } from './download-model.ts'

export interface MachineOptions {
  readonly store: Store
  readonly providers: Providers
}

export interface Machine {
  info(): Promise<MachineInfo>
  /** Runs the gradient check of every execution provider. @throws AppError as the trainer does, `cancelled`. */
  check(signal: AbortSignal): Promise<MachineInfo>
}

const graphicsTimeoutMs = 3_000

export function createMachine({ store, providers }: MachineOptions): Machine {
  let controllers: Promise<readonly string[]> | null = null

  const info = async (): Promise<MachineInfo> => {
    const check = await providers.last()
    const { freeMb, totalMb } = await machineMemory()
    await mkdir(store.home, { recursive: true })
    const { node, v8 } = process.versions
    return {
      processor: cpus()[0]?.model.trim() ?? 'unknown',
      cores: cpus().length,
      memoryMb: totalMb,
      freeMemoryMb: freeMb,
      diskFreeMb: Math.round((await freeDiskBytes(store.home)) / 1024 ** 2),
      graphics: await (controllers ??= readGraphics()),
      versions: { ...(check?.versions ?? { node, v8 }) },
      providers: check?.providers ?? null,
      checkedAt: check?.checkedAt ?? null,
    }
  }
  return {
    info,
    check: async (signal) => {
      const job = providers.check(() => undefined)
      const stop = (): void => job.stop()
      signal.addEventListener('abort', stop, { once: true })
      if (signal.aborted) stop()
      const outcome = await job.outcome
      signal.removeEventListener('abort', stop)
      if (outcome.type === 'error') throw errorOf(outcome.error)
      return info()
    },
  }
}

/** The names of the graphics processors; none where the system does not say in time. */
async function readGraphics(): Promise<readonly string[]> {
  const late = sleep(graphicsTimeoutMs, null, { ref: false })
  const found = await Promise.race([graphics().catch(() => null), late])
  const names = (found?.controllers ?? []).map(({ vendor, model }) => `${vendor} ${model}`.trim())
  return [...new Set(names.filter((name) => name !== ''))]
}
