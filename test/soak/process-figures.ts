import { readFileSync, readdirSync } from 'node:fs'

/** What a process holds at a moment, by Linux's /proc. */
export interface ProcessFigures {
  /** Resident memory of its own, in MB: what it has allocated, without files that are mapped. */
  readonly anonymousMb: number
  readonly residentMb: number
  readonly threads: number
  /** Open file descriptors: files, sockets, pipes. */
  readonly descriptors: number
}

/** @throws Error where the process has ended */
export function processFigures(pid: number): ProcessFigures {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  const field = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1])
  return {
    anonymousMb: field('RssAnon') / 1024,
    residentMb: field('VmRSS') / 1024,
    threads: field('Threads'),
    descriptors: readdirSync(`/proc/${pid}/fd`).length,
  }
}

/** The processes that one has started and that are there still, those that nobody has waited for among them. */
export function childrenOf(pid: number): readonly { readonly pid: number; readonly state: string }[] {
  return readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name)) return []
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8')
      const [state = '', parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
      return Number(parent) === pid ? [{ pid: Number(name), state }] : []
    } catch {
      // It ended in between.
      return []
    }
  })
}
