import { errorValueOf } from '../../app.ts'
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

/** Whatever was thrown, as a value; what is neither a person's mistake nor foreseen is a defect of ours. */
export function failureValue(thrown: unknown): ErrorValue {
  return thrown instanceof Failure ? thrown.value : errorValueOf(thrown)
}
