import { createReadStream } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { readFlatRecord } from '../../trainer/data/flat-form.ts'
import type { Reader } from '../store/connection.ts'

/** What a question was asked about. */
export interface AskedExample {
  readonly context: string
  readonly answers: readonly { readonly text: string; readonly start: number | null }[]
}

export interface AskedQuestion {
  readonly projectId: string
  readonly runFolder: string
  /** The example's key, which is the question's id in the run. */
  readonly key: string
  readonly question: string
}

/**
 * The example behind a compared question: as it stands in the project, or, where it was removed or reworded since,
 * as the run's own copy of the data has it. Null where neither has it.
 */
export async function askedExample(store: Reader, asked: AskedQuestion): Promise<AskedExample | null> {
  const row = await store.get<{ context: string; answers: string }>(
    `SELECT passage.text AS context, example.answers AS answers
       FROM example JOIN passage ON passage.id = example.passage_id
      WHERE example.project_id = ? AND example.key = ? AND example.question = ? LIMIT 1`,
    asked.projectId,
    asked.key,
    asked.question,
  )
  if (row) return { context: row.context, answers: JSON.parse(row.answers) as AskedExample['answers'] }
  return exampleInSnapshot(join(asked.runFolder, 'data'), asked)
}

async function exampleInSnapshot(folder: string, asked: AskedQuestion): Promise<AskedExample | null> {
  const names = (await readdir(folder).catch(() => [])).filter((name) => name.endsWith('.jsonl'))
  // The sets that are compared are the held-out ones; the training data, the largest, comes last.
  names.sort((a, b) => Number(a === 'train.jsonl') - Number(b === 'train.jsonl'))
  for (const name of names) {
    const found = await exampleInFile(join(folder, name), asked)
    if (found) return found
  }
  return null
}

async function exampleInFile(path: string, { key, question }: AskedQuestion): Promise<AskedExample | null> {
  const written = JSON.stringify(key)
  for await (const line of linesOf(path)) {
    // Parsing every line of a large file takes long; only the one with the id matters.
    if (!line.includes(written)) continue
    const record = readFlatRecord(parsed(line), path)
    if (record.id === key && record.question === question && typeof record.context === 'string')
      return { context: record.context, answers: record.answers }
  }
  return null
}

async function* linesOf(path: string): AsyncGenerator<string> {
  let rest = ''
  for await (const chunk of createReadStream(path, 'utf8') as AsyncIterable<string>) {
    const lines = (rest + chunk).split('\n')
    rest = lines.pop() ?? ''
    yield* lines
  }
  if (rest !== '') yield rest
}

/** A line that is no JSON is no record. */
function parsed(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return null
  }
}
