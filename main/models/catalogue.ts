import { readFile } from 'node:fs/promises'
import { z } from 'zod'

const count = z.int().positive()
const entrySchema = z.strictObject({
  id: z.string().regex(/^[a-z0-9][a-z0-9.-]*$/),
  name: z.string(),
  publisher: z.string(),
  repository: z.string().regex(/^[\w.-]+\/[\w.-]+$/),
  revision: z.string().regex(/^[\w.-]+$/),
  architecture: z.string(),
  parameters: count,
  downloadBytes: count,
  trainingMemoryMb: count,
  licence: z.string(),
  summary: z.string(),
  supported: z.boolean(),
  reason: z.string().nullable(),
  /** Files without which the model is of no use; the weights are found by themselves. */
  needs: z.array(z.string()),
})

/** A model that can be downloaded. */
export type CatalogueModel = Readonly<z.infer<typeof entrySchema>>

/** Reads `model-catalog.json`, which comes with the app. */
export async function readCatalogue(path: string): Promise<readonly CatalogueModel[]> {
  return z.strictObject({ models: z.array(entrySchema) }).parse(JSON.parse(await readFile(path, 'utf8')))
    .models
}
