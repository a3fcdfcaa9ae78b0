/**
 * Makes the cases of a target, one after the other, reads each as the app does and says what it came to. The folder of
 * a case that was read without a failure is removed.
 *
 *   node worker.ts <target> <seed> <first case> <case after the last> <folder>
 */
import { mkdirSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { writeCase } from './hostile-case.ts'
import { codeOf } from './outcome.ts'
import { readings } from './readings.ts'
import { targets } from './targets.ts'
import type { Target, TargetName } from './targets.ts'

export interface WorkerReport {
  readonly index: number
  readonly story: string
  /** What was made of the files, and the codes that their parts ended with. */
  readonly outcomes: readonly string[]
  /** What no reading may end with; null where it did not. */
  readonly fault: string | null
  /** Of the processor: on a busy machine the clock says little. */
  readonly milliseconds: number
  /** Bytes that the process has held at most so far. */
  readonly memory: number
}

/** For what is thrown out of anyone's reach, which would end the app. */
const ownFault = (thrown: unknown) => {
  process.stderr.write(`${thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown)}\n`)
  process.exit(70)
}
process.on('uncaughtException', ownFault)
process.on('unhandledRejection', ownFault)

const [name = '', seed, first, end, folder = ''] = process.argv.slice(2)
const target: Target = targets[name as TargetName]
const read = await readings[name as TargetName]()
const samples = join(folder, 'samples')
mkdirSync(samples, { recursive: true })
const makeCase = await target.cases(samples)

for (let index = Number(first); index < Number(end); index++) {
  const hostile = makeCase(Number(seed), index)
  const room = join(folder, `case-${index}`)
  // What a process that ended has left.
  rmSync(room, { recursive: true, force: true })
  writeCase(join(room, 'given'), hostile)
  const start = process.cpuUsage()
  const { outcomes, fault } = await ended(join(room, 'given'))
  const { user, system } = process.cpuUsage(start)
  const report: WorkerReport = {
    index,
    story: hostile.story,
    outcomes,
    fault: fault ?? strayFault(room),
    milliseconds: (user + system) / 1000,
    memory: process.resourceUsage().maxRSS * 1024,
  }
  if (report.fault === null) rmSync(room, { recursive: true })
  // Once more round, so that what was left running can fail while it is known whose fault it is.
  await new Promise((resolve) => process.send?.(report, resolve))
}
process.disconnect?.()

async function ended(given: string): Promise<Pick<WorkerReport, 'outcomes' | 'fault'>> {
  try {
    try {
      return { outcomes: await read(given), fault: null }
    } catch (thrown) {
      return { outcomes: [codeOf(thrown)], fault: null }
    }
  } catch (fault) {
    return { outcomes: [], fault: fault instanceof Error ? fault.message : String(fault) }
  }
}

/** What a reading left outside of the folder that it was given: beside it, or where this process stands. */
function strayFault(room: string): string | null {
  const beside = readdirSync(room).filter((one) => one !== 'given')
  const stray = [...beside, ...readdirSync(process.cwd())]
  return stray.length === 0 ? null : `left ${stray.join(', ')} outside of its folder`
}
