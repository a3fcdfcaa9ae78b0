/**
 * Errors as the hosts and the window see them: values with a code from a closed list, a sentence for a person and
 * plain details. They cross processes and sockets as they are.
 */
import type { ErrorDetails, TrainerErrorCode } from '../../trainer/protocol.ts'
import { shownDetails, shownSentence } from '../../trainer/shown-value.ts'

export type { ErrorDetails } from '../../trainer/protocol.ts'

/** What can go wrong outside the trainer. */
export const appErrorCodes = [
  'arguments_invalid', // a call's arguments do not fit the contract
  'unknown_method',
  'connection_lost',
  'too_many_calls',
  'store_in_use', // another Loracle has this home folder open
  'store_newer', // the store was made by a newer version
  'store_damaged',
  'store_not_updated', // a store of an earlier version could not be brought forward
  'project_missing',
  'project_busy', // a run of the project is at work
  'name_taken',
  'name_invalid',
  'source_missing',
  'example_missing',
  'passage_missing',
  'upload_missing',
  'file_unreadable', // a dropped file that no reader takes
  'file_too_large',
  'mapping_incomplete', // a required column has no role
  'mapping_missing', // a kept mapping that is not there
  'web_refused', // an address that is not read: private, not HTTP, forbidden by robots.txt
  'web_failed', // a page that could not be had
  'draft_missing',
  'model_missing', // no model is chosen, or it is not in the list
  'model_unsupported',
  'model_in_use',
  'download_failed',
  'checksum_mismatch',
  'run_missing',
  'run_state', // what was asked for does not go with the state of the run
  'run_not_ready', // something is missing before training can start
  'run_interrupted', // the app went while a run was at work
  'search_missing',
  'search_invalid', // what is to be searched cannot be
  'search_state', // what was asked for does not go with the state of the search or trial
  'chat_missing',
  'export_missing',
  'export_failed',
] as const

export type AppErrorCode = (typeof appErrorCodes)[number]

export type ErrorCode = TrainerErrorCode | AppErrorCode

/** An error as a value, as it crosses from one process to another. */
export interface ErrorValue {
  readonly code: ErrorCode
  readonly message: string
  readonly details: ErrorDetails
}

/** A job that ended in an error. */
export interface ErrorReport {
  readonly type: 'error'
  readonly error: ErrorValue
}

/** An error of the host: a code from the closed list, a sentence with the fact and the way out, plain details. */
export class AppError extends Error {
  readonly code: ErrorCode
  readonly details: ErrorDetails

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(shownSentence(message))
    this.name = 'AppError'
    this.code = code
    this.details = shownDetails(details)
  }
}
