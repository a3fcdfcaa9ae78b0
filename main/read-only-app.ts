import type { AppError } from './contract/errors.ts'
import type { Handlers, MethodName } from './contract/methods.ts'
import { notKnown } from './store/read-only.ts'
import { errorValueOf } from './trainers/error-value.ts'

/** What can be asked where a newer version made the store: all that shows something and changes nothing on the disk. */
const reading: ReadonlySet<string> = new Set([
  'app.info',
  'app.watch',
  'preferences.get',
  'files.list',
  'projects.list',
  'projects.get',
  'data.mappings',
  'data.sources',
  'data.summary',
  'data.examples',
  'data.problems',
  'data.problemRows',
  'data.passages',
  'data.splits',
  'data.drafts',
  'models.list',
  'models.catalogue',
  'models.watchDownloads',
  'machine.info',
  'runs.form',
  'runs.readiness',
  'runs.list',
  'runs.get',
  'runs.series',
  'runs.watch',
  'search.form',
  'search.list',
  'search.get',
  'compare.summary',
  'compare.questions',
  'compare.question',
  'compare.ask',
  'chat.list',
  'chat.get',
  'exports.list',
] satisfies MethodName[])

/**
 * The handlers of an app over a store that a newer version made: what would write is refused before it begins, and
 * what this version cannot read of the newer form is said, not shown wrong.
 */
export function readOnlyHandlers(handlers: Handlers, refusal: AppError): Handlers {
  const refuse = (): Promise<never> => Promise.reject(refusal)
  const told = (thrown: unknown): never => {
    throw errorValueOf(thrown).code === 'internal'
      ? notKnown({ ...refusal.details, said: String(thrown) })
      : thrown
  }
  const names = Object.keys(handlers) as MethodName[]
  const wrapped = names.map((name) => {
    const handler = handlers[name] as (...given: readonly unknown[]) => Promise<unknown>
    const asked = async (...given: readonly unknown[]) => handler(...given)
    return [name, reading.has(name) ? (...given: readonly unknown[]) => asked(...given).catch(told) : refuse]
  })
  return Object.fromEntries(wrapped) as Handlers
}
