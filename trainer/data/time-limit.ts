import { createContext, Script } from 'node:vm'
import { TrainerError } from '../errors.ts'

const room: { work: (() => unknown) | null } = { work: null }
const context = createContext(room)
const call = new Script('work()')

/**
 * Does some work that must not take longer than this: patterns of somebody else's can take a backtracking matcher
 * longer than anyone lives. V8 ends it wherever it is, in the middle of a match too. Costs a quarter of a millisecond,
 * for a thread that watches the clock.
 *
 * @throws TrainerError `tokenizer_invalid` where the time is up, and what the work throws
 */
export function withinTime<T>(work: () => T, { path, milliseconds }: TimeLimit): T {
  let result: { readonly value: T } | null = null
  room.work = () => {
    result = { value: work() }
  }
  try {
    call.runInContext(context, { timeout: milliseconds })
  } catch (thrown) {
    if (!(thrown instanceof Error && 'code' in thrown && thrown.code === 'ERR_SCRIPT_EXECUTION_TIMEOUT'))
      throw thrown
    throw new TrainerError(
      'tokenizer_invalid',
      `${path} takes longer than ${milliseconds / 1000} seconds for one text: its patterns are made to take for ever, or its words have no end. Choose a model with another tokenizer.`,
      { path, milliseconds },
    )
  } finally {
    room.work = null
  }
  const { value } = result ?? fail()
  return value
}

export interface TimeLimit {
  /** The file that complaints should name. */
  readonly path: string
  readonly milliseconds: number
}

function fail(): never {
  throw new Error('The work gave nothing.')
}
