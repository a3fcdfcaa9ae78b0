import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

/** Lets another process open a home's store, and kills it so many milliseconds after it began; true where it was done first. */
export async function killOpening(home: string, afterMs: number): Promise<boolean> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'rebuild-worker.ts'), home], {
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  let said = ''
  const begun = new Promise<void>((resolve) => {
    child.stdout.on('data', (text: Buffer) => {
      said += text.toString()
      resolve()
    })
    child.on('close', () => resolve())
  })
  const ended = new Promise<void>((resolve) => child.on('close', () => resolve()))
  await begun
  await Promise.race([ended, sleep(afterMs)])
  child.kill('SIGKILL')
  await ended
  return said.includes('opened')
}
