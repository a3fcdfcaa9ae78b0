import { z } from 'zod'
import type { LineProcess } from '../line-process.ts'
import { loadedSchema, processSide } from '../process-side.ts'
import type { Loaded } from '../process-side.ts'
import type { Side, Turn } from '../side.ts'

/** What is asked of every side. */
export interface GenerateRequest {
  readonly inputs: readonly (readonly number[])[]
  readonly newTokens: number
  readonly beams: number
}

/** What each side wrote, by its name. */
export type Written = Map<string, Pick<z.infer<typeof generatedSchema>, 'ids' | 'beamScores'>>

const generatedSchema = z.object({
  milliseconds: z.number(),
  processor: z.number(),
  /** New tokens alone, row by row. */
  ids: z.array(z.array(z.int())),
  /** Mean log-probability of each row's tokens, of a beam search alone. */
  beamScores: z.array(z.number()).optional(),
})

interface AnsweringParts {
  readonly name: string
  readonly role: Side['role']
  start(): LineProcess
  /** What the process is told to load. */
  readonly load: object
}

/** A side that writes the same rows again and again. */
export function answeringSide(
  { name, role, start, load }: AnsweringParts,
  request: GenerateRequest,
  written: Written,
): Side {
  const expected = request.inputs.length * request.newTokens
  return processSide<Loaded>({
    name,
    role,
    start,
    load: (process) => process.ask({ op: 'load', ...load }, loadedSchema),
    async turn(process, _loaded, { count }): Promise<Turn> {
      const milliseconds: number[] = []
      const processor: number[] = []
      for (let i = 0; i < count; i++) {
        const done = await process.ask({ op: 'generate', ...request }, generatedSchema)
        const tokens = done.ids.reduce((sum, row) => sum + row.length, 0)
        if (tokens !== expected)
          throw new Error(`${tokens} tokens were generated where ${expected} were asked for.`)
        written.set(name, done)
        milliseconds.push(done.milliseconds)
        processor.push(done.processor)
      }
      return { milliseconds, processor, done: { tokens: count * expected } }
    },
  })
}

/** Rounding may turn a token into one as likely; what follows it then differs. */
const leastShare = 0.9

/** What shows that a side wrote something else than this project's: worse or better by its scores, or other tokens. */
export function checkSameWriting(written: Written): ReadonlyMap<string, string> {
  const ours = written.get('loracle')
  const differences = new Map<string, string>()
  for (const [name, theirs] of written) {
    if (!ours) break
    const scores = ours.beamScores?.map((score, row) => [score, theirs.beamScores?.[row] ?? NaN] as const)
    const other = scores?.find(([mine, score]) => !(Math.abs(mine - score) <= 1e-3 * Math.abs(mine)))
    if (other) differences.set(name, `Its beam search ends at ${other[1]}, loracle's at ${other[0]}.`)
    if (scores) continue
    const [mine, tokens] = [ours.ids.flat(), theirs.ids.flat()]
    const same = mine.filter((id, i) => id === tokens[i]).length
    if (same < leastShare * mine.length)
      differences.set(name, `${same} of its ${tokens.length} tokens are those that loracle writes.`)
  }
  return differences
}
