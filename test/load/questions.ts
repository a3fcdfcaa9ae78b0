import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

export interface Question {
  readonly question: string
  readonly context: string
}

interface SquadFile {
  readonly data: readonly {
    readonly paragraphs: readonly {
      readonly context: string
      readonly qas: readonly { readonly question: string }[]
    }[]
  }[]
}

/** Questions of the sample project, each with its paragraph. */
export async function sampleQuestions(count: number): Promise<readonly Question[]> {
  const path = join(import.meta.dirname, '../../assets/sample/held-out-wordings.json')
  const { data } = JSON.parse(await readFile(path, 'utf8')) as SquadFile
  return data
    .flatMap(({ paragraphs }) => paragraphs)
    .flatMap(({ context, qas }) => qas.map(({ question }) => ({ question, context })))
    .slice(0, count)
}

/** The body of a chat request. */
export function chatBody({ question, context }: Question, more: object = {}): object {
  return {
    messages: [
      { role: 'system', content: context },
      { role: 'user', content: question },
    ],
    ...more,
  }
}

/** A question that is answered for many seconds, of about 800 kB. */
export function longBody({ question, context }: Question): object {
  const passage = context.padEnd(25_000, ` ${context}`)
  return {
    context: Array.from({ length: 32 }, () => passage),
    messages: [{ role: 'user', content: question }],
  }
}
