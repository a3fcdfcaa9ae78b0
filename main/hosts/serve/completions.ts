import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import { ApiError } from './api-error.ts'
import type { ApiCall } from './api-call.ts'
import { answerSettingsOf, readFields, sharedFields } from './sampling-fields.ts'

const completionFields = z.object({
  ...sharedFields,
  prompt: z.union([z.string(), z.array(z.string()).min(1).max(16)]),
})

/**
 * Continues prompts as they are, without a question's form around them: of a T5 write `question: … context: …`. A
 * prompt that does not fit the model's window is cut at its end, which the answer says.
 *
 * @throws ApiError, AppError.
 */
export async function completions(body: unknown, call: ApiCall): Promise<void> {
  const fields = readFields(completionFields, body)
  const { served, client, signal } = call
  const prompts = typeof fields.prompt === 'string' ? [fields.prompt] : fields.prompt
  if (prompts.some((prompt) => prompt.trim() === ''))
    throw new ApiError(400, 'invalid_value', 'The prompt is empty. Write something.', { param: 'prompt' })
  const { id, model, adapter } = call.modelOf(fields.model)
  const head = {
    id: `cmpl-${randomUUID()}`,
    object: 'text_completion',
    created: Math.floor(Date.now() / 1000),
    model: id,
  }
  const stream = fields.stream === true ? call.stream() : null
  const choice = (index: number, text: string, finishReason: string | null): object => ({
    index,
    text,
    logprobs: null,
    finish_reason: finishReason,
  })
  const streamed: string[] = prompts.map(() => '')
  const tell = (index: number, text: string): void => {
    streamed[index] += text
    stream?.send({ ...head, choices: [choice(index, text, null)] })
  }

  const { texts } = await served.answering.write(
    { model, adapter, prompts, settings: { ...served.settings, ...answerSettingsOf(fields) } },
    { client, signal, ...(stream && prompts.length === 1 ? { onText: (text) => tell(0, text) } : {}) },
  )
  const count = (of: 'promptTokens' | 'textTokens'): number =>
    texts.reduce((sum, { usage }) => sum + (usage?.[of] ?? 0), 0)
  const usage = {
    prompt_tokens: count('promptTokens'),
    completion_tokens: count('textTokens'),
    total_tokens: count('promptTokens') + count('textTokens'),
  }
  const reasonOf = (text: (typeof texts)[number]): string =>
    (text.usage?.finished ?? true) ? 'stop' : 'length'
  const loracle = { prompt_cut: texts.map(({ promptCut }) => promptCut) }
  if (!stream) {
    const choices = texts.map((text, index) => choice(index, text.text, reasonOf(text)))
    call.json({ ...head, choices, usage, loracle })
    return
  }
  for (const [index, text] of texts.entries()) {
    const rest = text.text.slice(streamed[index]?.length ?? 0)
    if (rest !== '') tell(index, rest)
    stream.send({ ...head, choices: [choice(index, '', reasonOf(text))], loracle })
  }
  if (fields.stream_options?.include_usage) stream.send({ ...head, choices: [], usage })
  stream.end()
}
