import { z } from 'zod'

const pointSchema = z.object({
  x: z.number().positive(),
  /** How many units (tokens, rows, questions) the time was taken for. */
  units: z.number().positive(),
  /** Milliseconds of all processors together; the least median of the rounds. */
  processorMs: z.number().positive(),
  wallMs: z.number().positive(),
  /** MiB; null where the system does not say. */
  peakMb: z.number().nullable(),
})
export type GrowthPoint = z.infer<typeof pointSchema>

const seriesSchema = z.object({ name: z.string(), points: z.array(pointSchema) })
export type GrowthSeries = z.infer<typeof seriesSchema>

const figureSchema = z.object({
  name: z.string(),
  title: z.string(),
  axis: z.string(),
  unit: z.string(),
  series: z.array(seriesSchema),
})
export type GrowthFigure = z.infer<typeof figureSchema>

/** What `npm run bench:growth` writes and its figures are drawn from. */
export const growthSchema = z.object({
  date: z.string(),
  machine: z.object({ platform: z.string(), cpu: z.string(), cores: z.int() }),
  threads: z.int(),
  rounds: z.int(),
  figures: z.array(figureSchema),
})
export type GrowthDocument = z.infer<typeof growthSchema>
