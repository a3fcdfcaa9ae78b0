import type { ErrorCode, ErrorDetails, ErrorValue } from '../../contract/errors.ts'

/** A person's mistake on the command line, found before anything runs. */
export class Failure extends Error {
  readonly value: ErrorValue

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message)
    this.name = 'Failure'
    this.value = { code, message, details }
  }
}

/** Whatever was thrown, as a value; what is not a `Failure` is a defect of ours. */
export function failureValue(thrown: unknown): ErrorValue {
  if (thrown instanceof Failure) return thrown.value
  const message = thrown instanceof Error ? thrown.message : String(thrown)
  return {
    code: 'internal',
    message,
    details: { stack: thrown instanceof Error ? (thrown.stack ?? '') : '' },
  }
}
