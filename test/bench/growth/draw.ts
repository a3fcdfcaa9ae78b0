import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { growthSchema } from './document.ts'
import type { GrowthDocument } from './document.ts'
import { figureSvg } from './figure-svg.ts'

/** Draws every figure of a document into a folder. */
export async function drawFigures({ figures }: GrowthDocument, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true })
  for (const figure of figures) await writeFile(join(folder, `${figure.name}.svg`), figureSvg(figure))
}

// npm exec -- node test/bench/growth/draw.ts growth.json docs/plots
if (import.meta.main) {
  const [path, folder] = process.argv.slice(2)
  if (path === undefined || folder === undefined)
    throw new Error('Name the JSON document and the folder for the figures.')
  await drawFigures(growthSchema.parse(JSON.parse(await readFile(path, 'utf8'))), folder)
}
