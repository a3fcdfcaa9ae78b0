import { publishedShapes, writeRandomModel } from './write-random-model.ts'
import type { PublishedShape } from './write-random-model.ts'

// Writes random weights of a published shape into the folder that is named.
const [folder, shape = 'flan-t5-small'] = process.argv.slice(2)
if (folder === undefined) throw new Error('Name the folder to write the model into.')
if (!(shape in publishedShapes))
  throw new Error(`There is no shape ${shape}. There are: ${Object.keys(publishedShapes).join(', ')}.`)
await writeRandomModel(folder, shape as PublishedShape, 'F32')
