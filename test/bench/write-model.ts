import { flanT5Small, writeRandomT5 } from '../support/random-model.ts'
import { gptNeo125M, writeRandomGptNeo } from '../support/random-gpt-neo.ts'

/** The real shapes that can be written, by name. */
const shapes: Readonly<Record<string, (folder: string) => Promise<void>>> = {
  'flan-t5-small': (folder) => writeRandomT5(folder, flanT5Small, { seed: 0 }),
  'gpt-neo-125m': (folder) => writeRandomGptNeo(folder, gptNeo125M, { seed: 0 }),
}

// Writes the bench's model into the folder that is named; a process of its own gives its memory back.
const [folder, shape = 'flan-t5-small'] = process.argv.slice(2)
if (folder === undefined) throw new Error('Name the folder to write the model into.')
const write = shapes[shape]
if (!write) throw new Error(`There is no shape ${shape}. There are: ${Object.keys(shapes).join(', ')}.`)
await write(folder)
