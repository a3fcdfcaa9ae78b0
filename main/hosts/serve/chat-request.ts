import { z } from 'zod'
import { ApiError } from './api-error.ts'
import { readFields, sharedFields } from './sampling-fields.ts'

const content = z.union([z.string(), z.array(z.object({ type: z.literal('text'), text: z.string() })).min(1)])

const message = z.discriminatedUnion('role', [
  z.object({ role: z.literal(['system', 'developer']), content }),
  z.object({ role: z.literal('user'), content }),
  z.object({ role: z.literal(['assistant', 'tool', 'function']) }),
])

const chatFields = z.object({
  ...sharedFields,
  max_completion_tokens: z.int().positive().nullish(),
  messages: z.array(message).min(1).max(1024),
  /** Loracle's own: the text that holds the answer, or several. */
  context: z.union([z.string(), z.array(z.string()).min(1).max(32)]).nullish(),
  /** Loracle's own: `task` makes the question an instruction, which needs no context. */
  form: z.enum(['qa', 'task']).nullish(),
})

export type ChatFields = z.infer<typeof chatFields>

export interface ChatQuestion {
  readonly fields: ChatFields
  readonly question: string
  /** Null where the request brings none. */
  readonly contexts: readonly string[] | null
}

/**
 * What a chat asks. Every question stands for itself: it is the last message, a user's. Its context is the field
 * `context`; else the system (or developer) messages and the user messages that stand directly before the question,
 * as one text. Earlier questions and answers are passed over.
 *
 * @throws ApiError 400 with the field that is at fault.
 */
export function readChatQuestion(body: unknown): ChatQuestion {
  const fields = readFields(chatFields, body)
  const { messages, context = null } = fields
  const last = messages.at(-1)
  const question = last?.role === 'user' ? textOf(last.content).trim() : ''
  if (question === '')
    throw new ApiError(
      400,
      'invalid_value',
      'The last message must be the question: a message of the role user with a text.',
      { param: 'messages' },
    )
  if (context !== null) {
    const contexts = (typeof context === 'string' ? [context] : context).filter((one) => one.trim() !== '')
    return { fields, question, contexts: contexts.length === 0 ? null : contexts }
  }
  const said = [...contextOf(messages)].filter((one) => one.trim() !== '')
  return { fields, question, contexts: said.length === 0 ? null : [said.join('\n\n')] }
}

function* contextOf(messages: ChatFields['messages']): Iterable<string> {
  const replied = messages.findLastIndex(({ role }) => role !== 'user' && !isSystem(role))
  for (const [place, one] of messages.slice(0, -1).entries())
    if ('content' in one && (isSystem(one.role) || place > replied)) yield withoutLabel(textOf(one.content))
}

function isSystem(role: string): boolean {
  return role === 'system' || role === 'developer'
}

function textOf(given: z.infer<typeof content>): string {
  return typeof given === 'string' ? given : given.map(({ text }) => text).join('\n')
}

/** Many programs write `Context:` before the passages that they found. */
function withoutLabel(text: string): string {
  return text.replace(/^\s*context\s*:\s*/i, '')
}
