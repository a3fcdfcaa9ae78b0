import { shownDetails, shownSentence } from './shown-value.ts'

/**
 * What can go wrong in the trainer, as a closed list. A code is stable: tests, the window and scripts rely on
 * it; the message is for a person and names the fact and the way out.
 */
export const trainerErrorCodes = [
  'file_missing', // a path that was named does not exist or cannot be read
  'file_invalid', // a file exists but is not what it should be
  'data_empty', // a dataset holds no usable example
  'data_invalid', // a dataset is not in a form that can be read
  'model_unsupported', // config.json names an architecture or option that is not built in
  'model_invalid', // config.json contradicts itself or the weights
  'weights_missing', // a tensor that the model needs is not in the weights
  'weights_surplus', // the weights hold a tensor that the model does not know
  'weights_invalid', // a damaged or hostile safetensors file
  'tokenizer_invalid', // tokenizer.json cannot be read
  'tokenizer_mismatch', // the tokenizer was made for another model
  'adapter_invalid', // an adapter folder cannot be read
  'adapter_mismatch', // an adapter was made for another model
  'checkpoint_invalid', // a checkpoint cannot be continued from
  'setting_unknown',
  'setting_invalid',
  'usage', // a command line that cannot be understood
  'loss_not_finite', // the loss became NaN or infinite
  'provider_unavailable', // the execution provider does not exist here or failed its gradient check
  'disk_full',
  'write_failed',
  'out_of_memory',
  'busy', // the answering queue is full
  'cancelled', // stopped by the person: not a failure
  'trainer_crashed', // the trainer process ended by itself
  'internal', // a defect of ours
] as const

export type TrainerErrorCode = (typeof trainerErrorCodes)[number]

/** Plain values that say more about an error: numbers, names, paths. */
export type ErrorDetails = Readonly<Record<string, string | number | boolean | null>>

/** An error as a value, as it crosses from one process to another. */
export interface ErrorValue {
  readonly code: TrainerErrorCode
  readonly message: string
  readonly details: ErrorDetails
}

/** An error with a code from the closed list, a sentence for a person, and plain details. */
export class TrainerError extends Error {
  readonly code: TrainerErrorCode
  readonly details: ErrorDetails

  constructor(code: TrainerErrorCode, message: string, details: ErrorDetails = {}) {
    super(shownSentence(message))
    this.name = 'TrainerError'
    this.code = code
    this.details = shownDetails(details)
  }
}

/** Turns whatever was thrown into a value: known errors as they are, system errors by their errno. */
export function toErrorValue(thrown: unknown): ErrorValue {
  if (thrown instanceof TrainerError)
    return { code: thrown.code, message: thrown.message, details: thrown.details }
  if (thrown instanceof Error) {
    const system = systemError(thrown)
    // A path of somebody else's may be any text.
    if (system)
      return { ...system, message: shownSentence(system.message), details: shownDetails(system.details) }
    if (isAllocationFailure(thrown))
      return {
        code: 'out_of_memory',
        message: `There is not enough memory for this: ${thrown.message}. Lower batchSize or maxSourceLength, or close other programs.`,
        details: {},
      }
    return {
      code: 'internal',
      message: shownSentence(thrown.message),
      details: { stack: shownSentence(thrown.stack ?? '') },
    }
  }
  return { code: 'internal', message: String(thrown), details: {} }
}

/** What V8, the C++ library, ONNX Runtime and its providers say when memory cannot be had. */
function isAllocationFailure(error: Error): boolean {
  return /bad_alloc|bad allocation|failed to allocate|allocation failed|out of memory|E_OUTOFMEMORY|ENOMEM/i.test(
    error.message,
  )
}

function systemError(error: Error & { code?: unknown; path?: unknown }): ErrorValue | undefined {
  const path = typeof error.path === 'string' ? error.path : ''
  const details = { path, errno: String(error.code) }
  switch (error.code) {
    case 'ENOSPC':
    case 'EDQUOT':
      return {
        code: 'disk_full',
        message: `The disk is full: ${path || 'a file'} could not be written. Free some space and resume; everything saved before is intact.`,
        details,
      }
    case 'ENOENT':
      return { code: 'file_missing', message: `${path} does not exist. Check the path.`, details }
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return {
        code: 'write_failed',
        message: `${path} cannot be opened: permission denied. Choose another folder or change its permissions.`,
        details,
      }
    case 'ELOOP':
    case 'ENAMETOOLONG':
      return {
        code: 'file_missing',
        message: `${path || 'A file'} leads nowhere: ${error.code === 'ELOOP' ? 'it is a link to itself' : 'its name is too long'}. Check the path.`,
        details,
      }
    case 'EIO':
    case 'ENXIO':
    case 'ENODEV':
      return {
        code: 'file_invalid',
        message: `${path || 'A file'} cannot be read (${error.code}). Copy it to another place, or check the disk.`,
        details,
      }
    case 'EISDIR':
      return {
        code: 'file_invalid',
        message: `${path || 'The path'} is a folder, not a file. Name a file.`,
        details,
      }
    case 'EEXIST':
    case 'ENOTDIR':
      return {
        code: 'file_invalid',
        message: `${path || 'The path'} is a file, not a folder. Name a folder.`,
        details,
      }
    default:
      return undefined
  }
}
