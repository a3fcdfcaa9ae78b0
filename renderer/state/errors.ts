import type { ErrorValue } from '../../main/contract/errors.ts'
import { plainDirection } from '../text/plain-direction.ts'

/** Whatever a call threw, as a value with a sentence for a person. */
export function errorOf(thrown: unknown): ErrorValue {
  if (isErrorValue(thrown))
    return { code: thrown.code, message: plainDirection(thrown.message), details: thrown.details }
  return {
    code: 'internal',
    message: plainDirection(thrown instanceof Error ? thrown.message : String(thrown)),
    details: thrown instanceof Error && thrown.stack !== undefined ? { stack: thrown.stack } : {},
  }
}

/** True for a call that the person stopped, which is no failure. */
export function isCancelled(thrown: unknown): boolean {
  return errorOf(thrown).code === 'cancelled'
}

/** What a person can paste into a report of a defect. */
export function errorReport(error: ErrorValue): string {
  return `${error.code}: ${error.message}\n${JSON.stringify(error.details, null, 2)}\n`
}

function isErrorValue(thrown: unknown): thrown is ErrorValue {
  return (
    typeof thrown === 'object' &&
    thrown !== null &&
    'code' in thrown &&
    typeof thrown.code === 'string' &&
    'message' in thrown &&
    'details' in thrown
  )
}
