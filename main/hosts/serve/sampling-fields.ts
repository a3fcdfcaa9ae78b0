import { randomInt } from 'node:crypto'
import { z } from 'zod'
import type { AnswerSettings } from '../../contract/engine-types.ts'
import { ApiError } from './api-error.ts'

/** The most tokens of an answer; a request for more gets so many, and says `length` where they did not do. */
export const mostTokens = 1024

const names = z.string().min(1).max(256)

/** The fields that chat and completions share; fields of other names are passed over. */
export const sharedFields = {
  model: names.nullish(),
  stream: z.boolean().nullish(),
  stream_options: z.object({ include_usage: z.boolean().nullish() }).nullish(),
  max_tokens: z.int().positive().nullish(),
  temperature: z.number().min(0).max(2).nullish(),
  top_p: z.number().min(0).max(1).nullish(),
  stop: z.union([z.string().min(1).max(256), z.array(z.string().min(1).max(256)).max(4)]).nullish(),
  seed: z.int().nullish(),
  user: names.nullish(),
}

interface SamplingFields {
  readonly max_tokens?: number | null | undefined
  readonly max_completion_tokens?: number | null | undefined
  readonly temperature?: number | null | undefined
  readonly top_p?: number | null | undefined
  readonly stop?: string | readonly string[] | null | undefined
  readonly seed?: number | null | undefined
}

/**
 * The settings that a request chooses. Without a temperature above 0, or a `top_p` below 1, the likeliest tokens are
 * taken: an answer that is looked up is not drawn by lot. What is drawn is drawn from all tokens, as OpenAI does.
 */
export function answerSettingsOf(fields: SamplingFields): AnswerSettings {
  const { temperature = null, top_p: topP = null, stop = null, seed = null } = fields
  const tokens = fields.max_completion_tokens ?? fields.max_tokens ?? null
  const draws = temperature === null ? topP !== null && topP > 0 && topP < 1 : temperature > 0 && topP !== 0
  return {
    ...(tokens === null ? {} : { maxTargetLength: Math.min(tokens, mostTokens) }),
    ...(stop === null ? {} : { stopStrings: typeof stop === 'string' ? [stop] : [...stop] }),
    ...(draws
      ? {
          doSample: true,
          numBeams: 1,
          temperature: temperature ?? 1,
          topK: 0,
          topP: topP ?? 1,
          // Seeds of OpenAI may be negative.
          seed: seed === null ? randomInt(2 ** 32) : ((seed % 2 ** 32) + 2 ** 32) % 2 ** 32,
        }
      : temperature === 0 || topP === 0
        ? { doSample: false }
        : {}),
  }
}

const isOne = (value: unknown): boolean => value === 1
const isZero = (value: unknown): boolean => value === 0
const isOff = (value: unknown): boolean => value === false || value === 0
const isEmpty = (value: unknown): boolean =>
  value === '' || (typeof value === 'object' && value !== null && Object.keys(value).length === 0)

/** Fields that would change the answer and are not built in, each with what it may be all the same. */
const unsupported: Readonly<Record<string, (value: unknown) => boolean>> = {
  n: isOne,
  best_of: isOne,
  logprobs: isOff,
  top_logprobs: isZero,
  echo: isOff,
  suffix: isEmpty,
  tools: isEmpty,
  functions: isEmpty,
  logit_bias: isEmpty,
  frequency_penalty: isZero,
  presence_penalty: isZero,
  response_format: (value) =>
    typeof value === 'object' && value !== null && 'type' in value && value.type === 'text',
  modalities: (value) => Array.isArray(value) && value.every((one) => one === 'text'),
  audio: () => false,
}

/**
 * Checks a request against its fields.
 *
 * @throws ApiError 400 with the field that is at fault.
 */
export function readFields<Fields extends z.ZodRawShape>(
  fields: z.ZodObject<Fields>,
  body: unknown,
): z.infer<z.ZodObject<Fields>> {
  const checked = fields.safeParse(body)
  if (!checked.success) {
    const issue = checked.error.issues[0]
    const param = issue?.path.map(String).join('.') ?? ''
    const where = param === '' ? 'the request' : param
    throw new ApiError(400, 'invalid_value', `${where} cannot be used: ${issue?.message ?? 'invalid'}.`, {
      ...(param === '' ? {} : { param }),
    })
  }
  for (const [param, mayBe] of Object.entries(unsupported)) {
    const value: unknown = Object.getOwnPropertyDescriptor(body, param)?.value
    if (value !== undefined && value !== null && !mayBe(value))
      throw new ApiError(
        400,
        'unsupported_parameter',
        `Loracle cannot do what ${param} asks for here: leave it out.`,
        { param },
      )
  }
  return checked.data
}
