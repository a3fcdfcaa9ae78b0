import { flanT5Small, writeRandomT5 } from '../support/random-model.ts'

// Writes the bench's model into the folder that is named; a process of its own gives its memory back.
const [folder] = process.argv.slice(2)
if (folder === undefined) throw new Error('Name the folder to write the model into.')
await writeRandomT5(folder, flanT5Small, { seed: 0 })
