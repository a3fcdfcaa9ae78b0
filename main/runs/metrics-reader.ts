import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { scoresSchema } from './scores-schema.ts'
import { Course, toStepPoint, toValidationPoint } from './course.ts'

const number = z.number()
const stepSchema = z.object({
  type: z.literal('step'),
  step: z.int(),
  steps: z.int(),
  epoch: number,
  loss: number,
  learningRate: number,
  gradNorm: number,
  tokensPerSecond: number,
  elapsedSeconds: number,
  secondsLeft: number.nullable(),
  rssMb: number,
  // Runs of the first version did not measure it.
  processorPercent: number.default(0),
})
const validationSchema = z.object({
  type: z.literal('validation'),
  step: z.int(),
  loss: number,
  perplexity: number.optional(),
  scores: scoresSchema.nullable(),
  best: z.boolean(),
})
const metricSchema = z.discriminatedUnion('type', [stepSchema, validationSchema])

/** Reads runs' `metrics.jsonl`; the last few that were read are kept while their files stay as they are. */
export interface MetricsReader {
  /** The course of a run, shared, not to be added to; an empty one where nothing was written yet. */
  read(runDir: string): Promise<Course>
}

const keptCourses = 4

export function createMetricsReader(): MetricsReader {
  const kept = new Map<string, { readonly version: string; readonly course: Promise<Course> }>()
  return {
    read: async (runDir) => {
      const path = join(runDir, 'metrics.jsonl')
      const found = await stat(path).catch(() => null)
      // A device would have no end.
      if (!found?.isFile()) return new Course()
      const version = `${found.size} ${found.mtimeMs}`
      const known = kept.get(path)
      kept.delete(path)
      const course = known?.version === version ? known.course : readLines(path)
      kept.set(path, { version, course })
      for (const oldest of kept.keys()) if (kept.size > keptCourses) kept.delete(oldest)
      // A file that could not be read is read again when it is asked for again.
      course.catch(() => kept.delete(path))
      return course
    },
  }
}

/** Reads a run's course, to go on with it; an empty one where nothing was written yet. */
export async function readCourse(runDir: string): Promise<Course> {
  const path = join(runDir, 'metrics.jsonl')
  return (await stat(path).catch(() => null))?.isFile() ? readLines(path) : new Course()
}

/** Reads line by line, so that a long course never lies in memory as text. */
async function readLines(path: string): Promise<Course> {
  const course = new Course()
  for await (const line of boundedLines(path)) {
    const metric = metricOf(line)
    if (metric?.type === 'step') course.addStep(toStepPoint(metric))
    else if (metric) course.addValidation(toValidationPoint(metric))
  }
  return course
}

/** A metric has some hundred characters; a loss of power can leave gigabytes of zeros, without an end of a line. */
const longestLine = 100_000

/** The lines of a file up to one that is longer than any metric: a run that goes on writes the file anew without it. */
async function* boundedLines(path: string): AsyncGenerator<string> {
  let line = ''
  for await (const chunk of createReadStream(path, 'utf8') as AsyncIterable<string>) {
    const parts = chunk.split('\n')
    for (const [i, part] of parts.entries()) {
      if (i > 0) {
        yield line
        line = ''
      }
      line += part
      if (line.length > longestLine) return
    }
  }
  yield line
}

/** A killed process can leave half a line, which is no metric. */
function metricOf(line: string): z.infer<typeof metricSchema> | null {
  try {
    return metricSchema.safeParse(JSON.parse(line)).data ?? null
  } catch {
    return null
  }
}
