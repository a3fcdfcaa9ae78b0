import type {
  CheckProviderCommand,
  CheckProviderResult,
  DoctorResult,
  ProviderCheck,
  Report,
  Result,
} from '../../trainer/protocol.ts'
import type { Job } from '../contract/engine.ts'
import type { ErrorReport, ErrorValue } from '../contract/errors.ts'
import { waitAwake } from './patience.ts'
import { startJob } from './trainer-job.ts'
import type { JobOptions } from './trainer-job.ts'
import type { TrainerProcess } from './trainer-process.ts'

export interface CheckMachineOptions {
  readonly startTrainer: () => TrainerProcess
  readonly onReport: (report: Report) => void
  /** Milliseconds without a word after which the process of a provider is taken to hang; two minutes. */
  readonly silenceMs?: number
}

type Provider = CheckProviderCommand['provider']

/** In this order; each is told of, even where this build of ONNX Runtime lacks it. */
const providersWithDrivers: readonly Provider[] = ['webgpu', 'dml', 'cuda']
// A software driver has been seen to compute half a minute at the slowest step.
const usualSilenceMs = 120_000

/**
 * Asks a trainer process about the machine and the CPU, and checks every other execution provider in a process of its
 * own: a driver that crashes or hangs takes nothing else with it.
 */
export function checkMachine({
  startTrainer,
  onReport,
  silenceMs = usualSilenceMs,
}: CheckMachineOptions): Job<DoctorResult> {
  let job: Job<Result> | null = null
  let stopped: 'stop' | 'kill' | null = null
  const begin = <R extends Result>(command: Parameters<typeof startJob>[1], options: JobOptions): Job<R> => {
    const begun = startJob<R>(startTrainer(), command, options)
    job = begun
    if (stopped) begun[stopped]()
    return begun
  }

  const check = async (provider: Provider): Promise<ProviderCheck | ErrorReport> => {
    let step = 'the start'
    let isHung = false
    const expire = (): void => {
      isHung = true
      checking.kill()
    }
    let endWait = waitAwake(silenceMs, expire)
    const checking = begin<CheckProviderResult>(
      { kind: 'check-provider', provider },
      {
        onReport: (report) => {
          if (report.type === 'provider-case') step = report.name
          endWait()
          endWait = waitAwake(silenceMs, expire)
          onReport(report)
        },
        stopGraceMs: 1_000,
      },
    )
    const outcome = await checking.outcome
    endWait()
    if (outcome.type === 'result') return outcome.check
    if (isHung) return unusable(provider, 'hung', hungMessage(step, silenceMs))
    if (outcome.error.code === 'cancelled') return outcome
    return outcome.error.code === 'trainer_crashed'
      ? unusable(provider, 'crashed', crashMessage(step, outcome.error))
      : unusable(provider, 'failed', outcome.error.message)
  }

  const run = async (): Promise<DoctorResult | ErrorReport> => {
    const machine = await begin<DoctorResult>({ kind: 'doctor' }, { onReport, stopGraceMs: 1_000 }).outcome
    if (machine.type === 'error') return machine
    const providers = [...machine.providers]
    for (const provider of providersWithDrivers) {
      const found = await check(provider)
      if ('error' in found) return found
      providers.push(found)
    }
    return { ...machine, providers }
  }

  return {
    outcome: run(),
    stop: () => {
      stopped ??= 'stop'
      job?.stop()
    },
    kill: () => {
      stopped = 'kill'
      job?.kill()
    },
  }
}

function unusable(provider: Provider, status: ProviderCheck['status'], message: string): ProviderCheck {
  return { provider, status, available: false, float16: false, gradientError: null, stepMs: null, message }
}

function hungMessage(step: string, silenceMs: number): string {
  return `said nothing for ${Math.round(silenceMs / 1000)} seconds (${step}) and was ended: it is not used`
}

function crashMessage(step: string, { details }: ErrorValue): string {
  const { signal, exitCode } = details
  const how = signal ? `by ${signal}` : `with exit code ${exitCode ?? 'unknown'}`
  return `ended its process ${how} (${step}), as a faulty driver does: it is not used`
}
