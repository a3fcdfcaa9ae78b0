import { toErrorValue } from '../../trainer/protocol.ts'
import { AppError } from '../contract/errors.ts'
import type { ErrorValue } from '../contract/errors.ts'

/** Whatever was thrown as a value: the app's and the trainer's errors as they are, system errors by their errno. */
export function errorValueOf(thrown: unknown): ErrorValue {
  if (!(thrown instanceof AppError)) return toErrorValue(thrown)
  const { code, message, details } = thrown
  return { code, message, details }
}

/** A value as an error to throw. */
export function errorOf({ code, message, details }: ErrorValue): AppError {
  return new AppError(code, message, details)
}
