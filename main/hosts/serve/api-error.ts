import type { ErrorCode, ErrorValue } from '../../contract/errors.ts'

/** An error as clients of the OpenAI API read it. */
export interface ErrorBody {
  readonly error: {
    readonly message: string
    readonly type: string
    /** The field of the request that is at fault. */
    readonly param: string | null
    readonly code: string | null
  }
}

interface Details {
  readonly param?: string
  readonly headers?: Readonly<Record<string, string>>
}

/** What is answered instead of a result. */
export class ApiError extends Error {
  readonly status: number
  readonly code: string
  readonly param: string | null
  readonly headers: Readonly<Record<string, string>>

  constructor(status: number, code: string, message: string, { param, headers }: Details = {}) {
    super(message)
    this.name = 'ApiError'
    this.status = status
    this.code = code
    this.param = param ?? null
    this.headers = headers ?? {}
  }
}

const types: Readonly<Record<number, string>> = {
  401: 'authentication_error',
  403: 'permission_error',
  429: 'rate_limit_error',
}

export function errorBody({ status, code, message, param }: ApiError): ErrorBody {
  const type = types[status] ?? (status < 500 ? 'invalid_request_error' : 'server_error')
  return { error: { message, type, param, code } }
}

/** Statuses of what the answering side says; all else is a fault of the server, 500. */
const statuses: Partial<Record<ErrorCode, number>> = {
  usage: 400,
  arguments_invalid: 400,
  setting_invalid: 400,
  setting_unknown: 400,
  model_unsupported: 400,
  weights_missing: 400,
  cancelled: 503,
  out_of_memory: 503,
  trainer_crashed: 502,
}

/**
 * An error of the answering side. A full queue is `rate_limit_exceeded`, to be tried again after `retrySeconds`; a
 * question on which the answering process died is not to be asked again by itself.
 */
export function apiErrorOf({ code, message }: ErrorValue, retrySeconds: number): ApiError {
  if (code === 'busy')
    return new ApiError(429, 'rate_limit_exceeded', message, {
      headers: { 'Retry-After': String(retrySeconds) },
    })
  if (code === 'trainer_crashed')
    return new ApiError(502, code, message, { headers: { 'x-should-retry': 'false' } })
  return new ApiError(statuses[code] ?? 500, code, message)
}
