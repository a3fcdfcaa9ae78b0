/** Reads the files that it is sent, one after the other, and says what each came to. */
import { readFile } from './read-file.ts'
import type { Reading } from './read-file.ts'

export interface WorkerReport extends Reading {
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

process.on('message', (path: string) => {
  const start = process.cpuUsage()
  void readFile(path).then((reading) => {
    // Once more round, so that what was left running can fail while it is known whose fault it is.
    setTimeout(() => {
      const { user, system } = process.cpuUsage(start)
      const milliseconds = (user + system) / 1000
      process.send?.({ ...reading, milliseconds, memory: process.resourceUsage().maxRSS * 1024 })
    }, 1)
  }, ownFault)
})
