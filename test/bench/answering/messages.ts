import { z } from 'zod'

/** What is asked of the processes here; `generate_reference.py` takes the same. */
export const loadSchema = z.object({ weights: z.string(), threads: z.int().positive() })
export const generateSchema = z.object({
  inputs: z.array(z.array(z.int())).min(1),
  newTokens: z.int().positive(),
  beams: z.int().positive(),
})
