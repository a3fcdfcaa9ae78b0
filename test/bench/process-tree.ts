import { readFileSync, readdirSync } from 'node:fs'

/** What a process and those that it started have used, as Linux tells while they live. */
export interface TreeUse {
  readonly processorMs: number
  /** The sum over the processes of the most memory that each had resident, in MiB. */
  readonly peakMb: number
}

/** Watches a process and its descendants. */
export interface TreeWatch {
  /** What was used until now. */
  use(): TreeUse
  /** Ends the watch; whoever starts it calls this. */
  stop(): TreeUse
}

const lookMs = 20
// USER_HZ, which is 100 on every Linux that Node runs on.
const msPerTick = 10

/** Looks at /proc every 20 milliseconds, so that what a process did in its last ones is missing. */
export function watchTree(pid: number): TreeWatch {
  const used = new Map<number, TreeUse>()
  const look = () => {
    for (const one of descendants(pid)) {
      const now = useOf(one)
      // One that has ended but was not collected yet has no memory any more.
      if (now) used.set(one, { ...now, peakMb: Math.max(now.peakMb, used.get(one)?.peakMb ?? 0) })
    }
  }
  const timer = setInterval(look, lookMs)
  const use = (): TreeUse => {
    look()
    const all = [...used.values()]
    return {
      processorMs: all.reduce((sum, { processorMs }) => sum + processorMs, 0),
      peakMb: all.reduce((sum, { peakMb }) => sum + peakMb, 0),
    }
  }
  return {
    use,
    stop: () => {
      clearInterval(timer)
      return use()
    },
  }
}

function useOf(pid: number): TreeUse | null {
  const fields = statOf(pid)
  if (!fields) return null
  const ticks = Number(fields[11]) + Number(fields[12])
  return { processorMs: ticks * msPerTick, peakMb: peakOf(pid) ?? 0 }
}

/** The fields of /proc/PID/stat from the third on: the name before them may hold spaces. */
function statOf(pid: number): readonly string[] | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return text.slice(text.lastIndexOf(')') + 2).split(' ')
  } catch {
    return null
  }
}

/** A process and all below it. */
function descendants(pid: number): readonly number[] {
  const children = childrenOf(pid)
  return [pid, ...children.flatMap(descendants)]
}

function childrenOf(pid: number): readonly number[] {
  try {
    return readdirSync(`/proc/${pid}/task`).flatMap((task) =>
      readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').split(' ').filter(Boolean).map(Number),
    )
  } catch {
    return []
  }
}

/** The most memory that a process has had resident, in MiB, as Linux counts it; null where it does not say. */
export function peakOf(pid: number | 'self'): number | null {
  try {
    const kibibytes = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
    return kibibytes === undefined ? null : Number(kibibytes) / 1024
  } catch {
    return null
  }
}
