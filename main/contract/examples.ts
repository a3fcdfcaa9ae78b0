/** Examples of a project, as plain data. */
import type { TaskKind } from '../../trainer/protocol.ts'
import type { SplitName } from './splits.ts'

export interface ExampleAnswer {
  readonly text: string
  /** Unicode code points from the context's start; null for the target of a task, which need not stand there. */
  readonly start: number | null
}

export interface ExampleRow {
  readonly id: number
  /** The id that the file gave. */
  readonly key: string
  readonly sourceId: string
  readonly sourceName: string
  readonly where: string
  readonly form: 'qa' | 'task'
  readonly task: TaskKind
  /** Of a task the input, which may be empty. */
  readonly context: string
  /** Of a task the instruction. */
  readonly question: string
  readonly answers: readonly ExampleAnswer[]
  readonly isImpossible: boolean
  readonly group: string
  readonly split: SplitName
}

export interface ExampleQuery {
  readonly projectId: string
  readonly offset: number
  /** At most 500. */
  readonly limit: number
  readonly search: string | null
  readonly split: SplitName | null
  readonly sourceId: string | null
  /** Only examples whose measure lies in `from` ≤ x < `to`, as a histogram's bar says. */
  readonly range: { readonly measure: Measure; readonly from: number; readonly to: number } | null
}

export const measures = ['contextWords', 'questionWords', 'answerWords'] as const
export type Measure = (typeof measures)[number]
