import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { TrainerError } from '../../trainer/protocol.ts'
import type { DoctorResult, ProviderCheck, Report, Settings } from '../../trainer/protocol.ts'
import type { Job } from '../contract/engine.ts'
import { checkMachine } from './check-machine.ts'
import { errorOf } from './error-value.ts'
import { machineStamp } from './machine-stamp.ts'
import type { TrainerProcess } from './trainer-process.ts'

/** What the last check of the execution providers found; kept as long as runtime, system and drivers stay the same. */
export interface MachineCheck {
  readonly providers: readonly ProviderCheck[]
  readonly versions: Readonly<Record<string, string>>
  readonly checkedAt: number
}

type Given = Readonly<Record<string, unknown>>
type Listener = (report: Report) => void

/** Which execution providers may be used here, found out in processes that may crash or hang, and remembered. */
export interface Providers {
  /** The last check; null where none was made on this machine as it is now. */
  last(): Promise<MachineCheck | null>
  /** Checks every provider anew. */
  check(onReport: Listener): Job<DoctorResult>
  /**
   * Settings with a definite provider whose gradients are right: `auto` becomes the fastest. What is not known yet is
   * found out first; settings of the CPU wait for nothing.
   *
   * @throws TrainerError `provider_unavailable` with what the check found; AppError where it could not be made.
   */
  settle<S extends Given>(given: S, onReport?: Listener): Promise<S>
  /** The same from what is known: `auto` stays where nothing is, and nothing is refused. */
  foresee<S extends Given>(given: S): Promise<S>
  /** The fastest provider that is known to be right with weights of a precision: the CPU where nothing else is. */
  fastest(weightPrecision?: unknown): Promise<Settings['provider']>
}

export interface ProvidersOptions {
  readonly startTrainer: () => TrainerProcess
  /** Where the last check is kept. */
  readonly file: string
  readonly now?: () => number
  readonly silenceMs?: number
}

/** Where the last check is kept in a home folder. */
export function providersFile(home: string): string {
  return join(home, 'providers.json')
}

interface Kept extends MachineCheck {
  readonly stamp: string
}

export function createProviders({
  startTrainer,
  file,
  now = Date.now,
  silenceMs,
}: ProvidersOptions): Providers {
  let checking: Promise<MachineCheck> | null = null

  const last = async (): Promise<MachineCheck | null> => {
    const kept = await readKept(file)
    if (kept?.stamp !== (await machineStamp())) return null
    const { providers, versions, checkedAt } = kept
    return { providers, versions, checkedAt }
  }

  const check = (onReport: Listener): Job<DoctorResult> => {
    const job = checkMachine({
      startTrainer,
      onReport,
      ...(silenceMs === undefined ? {} : { silenceMs }),
    })
    const outcome = job.outcome.then(async (ended) => {
      if (ended.type === 'error') return ended
      const { providers, versions } = ended
      // A home folder that cannot be written is told of by whatever needs it; here it costs the next check.
      await keep(file, { stamp: await machineStamp(), providers, versions, checkedAt: now() }).catch(
        () => undefined,
      )
      return ended
    })
    return { ...job, outcome }
  }

  const checked = async (onReport: Listener): Promise<MachineCheck> => {
    const known = await last()
    if (known) return known
    checking ??= (async () => {
      const outcome = await check(onReport).outcome
      if (outcome.type === 'error') throw errorOf(outcome.error)
      return { providers: outcome.providers, versions: outcome.versions, checkedAt: now() }
    })().finally(() => {
      checking = null
    })
    return checking
  }

  return {
    last,
    check,
    settle: async (given, onReport = () => undefined) => {
      const { provider = 'cpu', weightPrecision } = given
      if (provider === 'cpu') return given
      const { providers } = await checked(onReport)
      if (provider === 'auto') return { ...given, provider: fastestOf(providers, weightPrecision) }
      requireRight(
        providers.find((one) => one.provider === provider),
        weightPrecision,
      )
      return given
    },
    foresee: async (given) => {
      if (given['provider'] !== 'auto') return given
      const known = await last()
      return known ? { ...given, provider: fastestOf(known.providers, given['weightPrecision']) } : given
    },
    fastest: async (weightPrecision) => {
      const known = await last()
      return known ? fastestOf(known.providers, weightPrecision) : 'cpu'
    },
  }
}

/**
 * The provider with the fastest step among those with right gradients, for weights of a precision: 8 and 4 bits are the
 * CPU's alone, float16 is for the others, where it is right there.
 */
export function fastestOf(
  providers: readonly ProviderCheck[],
  weightPrecision: unknown = 'stored',
): Settings['provider'] {
  if (weightPrecision === 'int8' || weightPrecision === 'int4') return 'cpu'
  const right = providers.filter(
    ({ available, float16, stepMs }) =>
      available && stepMs !== null && (weightPrecision !== 'float16' || float16),
  )
  const [fastest] = right.toSorted((a, b) => (a.stepMs ?? Infinity) - (b.stepMs ?? Infinity))
  return fastest?.provider ?? 'cpu'
}

function requireRight(check: ProviderCheck | undefined, weightPrecision: unknown): void {
  // Names that do not exist are refused with the settings.
  if (!check) return
  const { provider, available, float16, message } = check
  if (!available)
    throw new TrainerError(
      'provider_unavailable',
      `The execution provider ${provider} cannot be used: ${message}. Use --set provider=cpu; loracle doctor checks again.`,
      { provider },
    )
  if (weightPrecision === 'float16' && !float16)
    throw new TrainerError(
      'provider_unavailable',
      `The execution provider ${provider} cannot be used with weightPrecision=float16: ${message}. Use weightPrecision=stored.`,
      { provider, weightPrecision },
    )
}

async function readKept(file: string): Promise<Kept | null> {
  const text = await readFile(file, 'utf8').catch(() => null)
  if (text === null) return null
  try {
    const kept: unknown = JSON.parse(text)
    return isKept(kept) ? kept : null
  } catch {
    return null
  }
}

/** Of a file that this program alone writes: what is not whole was not written by this version. */
function isKept(value: unknown): value is Kept {
  return (
    typeof value === 'object' &&
    value !== null &&
    'stamp' in value &&
    'versions' in value &&
    'checkedAt' in value &&
    'providers' in value &&
    Array.isArray(value.providers) &&
    value.providers.every(
      (one: unknown) => typeof one === 'object' && one !== null && 'status' in one && 'stepMs' in one,
    )
  )
}

async function keep(file: string, kept: Kept): Promise<void> {
  await mkdir(dirname(file), { recursive: true })
  const beside = `${file}.${process.pid}`
  await writeFile(beside, `${JSON.stringify(kept, null, 2)}\n`)
  await rename(beside, file)
}
