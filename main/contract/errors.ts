/**
 * Errors as the hosts see them: values with a code from the trainer's closed list, a sentence for a person and
 * plain details. They cross processes and sockets as they are.
 */
export type {
  ErrorDetails,
  ErrorReport,
  ErrorValue,
  TrainerErrorCode as ErrorCode,
} from '../../trainer/protocol.ts'
