import type { Chunking } from '../../contract/imports.ts'
import type { NewPassage, NewProblem } from './insert-batch.ts'
import type { ReadBatch } from './read-batch.ts'
import type { CountTokens } from '../passages/count-tokens.ts'
import { streamPassages } from '../passages/read-passages.ts'
import { readingProblem } from '../mending/row-problems.ts'
import { factsOf } from './text-facts.ts'

export interface DocumentImport {
  readonly chunking: Chunking | null
  readonly countTokens: CountTokens
  readonly signal: AbortSignal
}

const passagesPerBatch = 500

/** Reads a document passage by passage, gathered to batches for the store. */
export async function* readDocument(path: string, options: DocumentImport): AsyncGenerator<ReadBatch> {
  let passages: NewPassage[] = []
  let problems: NewProblem[] = []
  let rows = 0
  const onProblem: Parameters<typeof streamPassages>[1] = {
    ...options,
    onProblem: (problem) => problems.push(readingProblem(problem)),
  }
  for await (const passage of streamPassages(path, onProblem)) {
    passages.push({ ...passage, ...factsOf(passage.text) })
    rows++
    if (passages.length < passagesPerBatch) continue
    yield { passages, examples: [], problems, rows, bytes: 0 }
    passages = []
    problems = []
  }
  yield { passages, examples: [], problems, rows, bytes: 0 }
}
