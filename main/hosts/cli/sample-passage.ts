import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Comparison } from '../../contract/engine-types.ts'

/** The part of a bundled SQuAD file that is read here. */
interface SquadFile {
  readonly data: readonly {
    readonly paragraphs: readonly {
      readonly context: string
      readonly qas: readonly { readonly id: string }[]
    }[]
  }[]
}

/**
 * Writes the paragraph that a sample question is about to `passage.txt` in the run folder, so that the question
 * can be asked again by one line. Returns the path.
 *
 * @param sample the folder of the sample project; the question's set is a file in it
 */
export async function writePassage(
  sample: string,
  question: Comparison,
  runDir: string,
): Promise<string | null> {
  const file = JSON.parse(await readFile(join(sample, `${question.set}.json`), 'utf8')) as SquadFile
  const paragraph = file.data
    .flatMap((article) => article.paragraphs)
    .find(({ qas }) => qas.some(({ id }) => id === question.id))
  if (!paragraph) return null
  const path = join(runDir, 'passage.txt')
  await writeFile(path, `${paragraph.context}\n`)
  return path
}
