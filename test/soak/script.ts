import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'

/** What a script of this folder was asked for, as whole numbers by name. */
export function readCounts<Name extends string>(
  defaults: Readonly<Record<Name, number>>,
): Record<Name, number> {
  const names = Object.keys(defaults) as Name[]
  const options = Object.fromEntries(names.map((name) => [name, { type: 'string' as const }]))
  const { values } = parseArgs({ options })
  const counts = names.map((name) => {
    const given = values[name]
    const count = given === undefined ? defaults[name] : Number(given)
    if (!Number.isInteger(count) || count < 0) throw new RangeError(`--${name} takes a whole number.`)
    return [name, count]
  })
  return Object.fromEntries(counts) as Record<Name, number>
}

/**
 * Runs a script that opens things, and closes them, last opened first, however it ends: Ctrl-C included. The exit
 * code is 1 where it threw or found faults, which are printed.
 */
export async function runScript(
  work: (folder: string, onEnd: (close: () => unknown) => void) => Promise<readonly string[]>,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'loracle-soak-'))
  const closers: (() => unknown)[] = [() => rm(folder, { recursive: true, force: true, maxRetries: 5 })]
  const close = async (): Promise<void> => {
    for (const one of closers.splice(0).reverse())
      await Promise.resolve(one()).catch((thrown: unknown) => process.stderr.write(`${String(thrown)}\n`))
  }
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => void close().finally(() => process.exit(130)))
  try {
    const faults = await work(folder, (one) => closers.push(one))
    for (const fault of faults) process.stdout.write(`FAULT: ${fault}.\n`)
    if (faults.length > 0) process.exitCode = 1
  } finally {
    await close()
  }
}
