import type { Answering, AskedProject } from '../../app.ts'
import type { AnswerSettings } from '../../contract/engine-types.ts'

/** A model as it is offered under an id: a folder, and perhaps an adapter on it. */
export interface ServedModel {
  readonly id: string
  readonly model: string
  readonly adapter: string | null
}

/** What the server answers with. */
export interface Served {
  /** The first answers where a request names none. */
  readonly models: readonly [ServedModel, ...ServedModel[]]
  /** What a request does not say otherwise. */
  readonly settings: AnswerSettings
  readonly form: 'qa' | 'task'
  /** Finds the passages for a question that brings no context; null where there are no documents. */
  readonly search: AskedProject['search'] | null
  readonly answering: Pick<Answering, 'ask' | 'write' | 'load'>
}

/** The tuned model, or the base where nothing was tuned; and the base beside it. */
export const modelIds = { tuned: 'loracle', base: 'loracle-base' } as const
