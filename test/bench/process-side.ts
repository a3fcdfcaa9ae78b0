import { z } from 'zod'
import type { LineProcess } from './line-process.ts'
import type { OpenSide, Side, Turn } from './side.ts'

/** What a process says of a model that it has loaded. */
export const loadedSchema = z.object({
  /** Opening the folder and the sessions. */
  seconds: z.number().nonnegative(),
  /** How many values are trained. */
  trainable: z.int().optional(),
  versions: z.record(z.string(), z.string()),
})
export type Loaded = z.infer<typeof loadedSchema>

export interface ProcessSide<Ready extends Loaded> {
  readonly name: string
  readonly role: Side['role']
  start(): LineProcess
  load(process: LineProcess): Promise<Ready>
  /** Does some steps. `round` counts from 0; the first step of all, and warm-ups, have numbers below. */
  turn(process: LineProcess, ready: Ready, options: { count: number; round: number }): Promise<Turn>
}

/** A side that is one process, which answers JSON lines until it is closed. */
export function processSide<Ready extends Loaded>(side: ProcessSide<Ready>): Side {
  return {
    name: side.name,
    role: side.role,
    async open(): Promise<OpenSide> {
      const began = performance.now()
      const process = side.start()
      try {
        const ready = await side.load(process)
        const first = await side.turn(process, ready, { count: 1, round: -Infinity })
        const startSeconds = (performance.now() - began) / 1000
        const { seconds, trainable, versions } = ready
        const firstLoss = first.loss?.[0]
        return {
          opening: {
            startSeconds,
            loadSeconds: seconds,
            ...(trainable === undefined ? {} : { trainable }),
            ...(firstLoss === undefined ? {} : { firstLoss }),
            versions,
          },
          turn: (count, round) => side.turn(process, ready, { count, round }),
          peakRssMb: () => process.peakRssMb(),
          close: () => process.close(),
        }
      } catch (thrown) {
        await process.close()
        throw thrown
      }
    },
  }
}
