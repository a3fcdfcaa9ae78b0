import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { readDataset } from '../../../trainer/data/read-dataset.ts'
import { Fault } from '../outcome.ts'

/** Reads a data file as training does: every answer must stand where it says. */
export async function readSquad(folder: string): Promise<readonly string[]> {
  const [name = ''] = await readdir(folder)
  const { examples, problems } = await readDataset(join(folder, name))
  for (const { context, answers, id } of examples.slice(0, 200)) {
    if (!context.isWellFormed() || !id.isWellFormed()) throw new Fault('a text is not well-formed')
    const characters = context.length > 100_000 ? null : [...context]
    for (const { text, start } of answers.slice(0, 20))
      if (
        characters &&
        start !== null &&
        !characters
          .slice(start, start + text.length)
          .join('')
          .startsWith(text)
      )
        throw new Fault(`the answer ${text.slice(0, 40)} does not stand at ${start}`)
  }
  return problems.length > 0 ? ['examples', 'problems'] : ['examples']
}
