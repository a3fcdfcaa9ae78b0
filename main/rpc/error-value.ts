import type { ErrorDetails, ErrorValue } from '../contract/errors.ts'

/** The value of an error that is thrown as `AppError` or `TrainerError`; undefined for anything else. */
export function knownErrorValue(thrown: unknown): ErrorValue | undefined {
  if (!(thrown instanceof Error) || !/^(App|Trainer)Error$/.test(thrown.name)) return undefined
  const { code, message, details } = thrown as Error & Partial<ErrorValue>
  if (typeof code !== 'string') return undefined
  return { code, message, details: details ?? {} }
}

/** The value of whatever was thrown. What nobody foresaw is `internal`: its stack stays in this process. */
export function errorValue(thrown: unknown): ErrorValue {
  const known = knownErrorValue(thrown)
  if (known) return known.code === 'internal' ? { ...known, details: withoutStack(known.details) } : known
  const said = thrown instanceof Error ? thrown.message : String(thrown)
  return {
    code: 'internal',
    message: `Something went wrong inside Loracle: ${said}. Try again; what was saved is intact.`,
    details: {},
  }
}

export function withoutStack(details: ErrorDetails): ErrorDetails {
  return Object.fromEntries(Object.entries(details).filter(([name]) => name !== 'stack'))
}
