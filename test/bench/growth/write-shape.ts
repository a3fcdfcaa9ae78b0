import { shapes, writeShape } from './shapes.ts'
import type { ShapeName } from './shapes.ts'

// Writes a model of a shape into a folder; a process of its own gives its memory back.
const [folder, name] = process.argv.slice(2)
if (folder === undefined || name === undefined || !(name in shapes))
  throw new Error(`Name a folder and one of ${Object.keys(shapes).join(', ')}.`)
await writeShape(folder, name as ShapeName)
