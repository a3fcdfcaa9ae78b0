import type { z } from 'zod'
import { TrainerError } from '../errors.ts'
import { parseJson } from '../parse-json.ts'

/** Parses and checks a JSON file of a tokenizer. @throws TrainerError `tokenizer_invalid` naming the field. */
export function parseTokenizerFile<T>(schema: z.ZodType<T>, text: string, path: string): T {
  let value: unknown
  try {
    value = parseJson(text)
  } catch (error) {
    throw invalidTokenizer(path, error instanceof Error ? error.message : String(error))
  }
  return checkTokenizerFile(schema, value, path)
}

/** Checks what a file of a tokenizer says. @throws TrainerError `tokenizer_invalid` naming the field. */
export function checkTokenizerFile<T>(schema: z.ZodType<T>, value: unknown, path: string): T {
  const result = schema.safeParse(value)
  if (result.success) return result.data
  const issue = result.error.issues[0]
  throw invalidTokenizer(path, `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'invalid'}`)
}

export function invalidTokenizer(path: string, reason: string): TrainerError {
  return new TrainerError(
    'tokenizer_invalid',
    `${path} cannot be used (${reason}). Copy it again from the place where the model came from.`,
    { path, reason },
  )
}
