import { readFile } from 'node:fs/promises'
import { freemem, totalmem } from 'node:os'

/** Memory of this machine in MB; free is what a new process could take. */
export async function machineMemory(): Promise<{ readonly freeMb: number; readonly totalMb: number }> {
  const totalMb = Math.round(totalmem() / 1024 ** 2)
  // Linux counts what it keeps of files as used, though it gives it back; MemAvailable counts it as free.
  const text = process.platform === 'linux' ? await readFile('/proc/meminfo', 'utf8').catch(() => '') : ''
  const available = /^MemAvailable:\s+(\d+) kB$/m.exec(text)?.[1]
  const freeMb = available ? Math.round(Number(available) / 1024) : Math.round(freemem() / 1024 ** 2)
  return { freeMb, totalMb }
}
