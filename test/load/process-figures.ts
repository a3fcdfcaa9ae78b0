import { readFileSync, readdirSync } from 'node:fs'

/** Ids of the processes that a process has started; none where the system does not tell (it is not Linux). */
export function childrenOf(pid: number): readonly number[] {
  return listed('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((id) => parentOf(id) === pid)
}

/** Resident memory in MB: now, and at its highest; null where the process is gone or the system does not tell. */
export function memoryOf(pid: number): { readonly now: number; readonly peak: number } | null {
  const status = textOf(`/proc/${pid}/status`)
  const of = (name: string): number | null => {
    const kib = new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1]
    return kib === undefined ? null : Number(kib) / 1024
  }
  const [now, peak] = [of('VmRSS'), of('VmHWM')]
  return now === null || peak === null ? null : { now, peak }
}

/** Processor time in milliseconds that a process has taken; 0 where the system does not tell. */
export function processorMsOf(pid: number): number {
  const [user = 0, system = 0] = statOf(pid).slice(11, 13).map(Number)
  // In ticks, a hundred a second.
  return (user + system) * 10
}

function parentOf(pid: number): number {
  return Number(statOf(pid)[1])
}

/** What stands behind the name, which is in parentheses and may hold spaces. */
function statOf(pid: number): readonly string[] {
  const text = textOf(`/proc/${pid}/stat`)
  return text
    .slice(text.lastIndexOf(')') + 1)
    .trim()
    .split(' ')
}

function listed(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
