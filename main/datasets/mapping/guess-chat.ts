import { isObject } from '../../../trainer/data/raw-record.ts'
import type { TableRow } from '../readers/table.ts'
import { unpacked } from './cells.ts'
import type { GuessedMapping } from './weighing.ts'

/** How chats name a message's speaker and text: OpenAI's way and ShareGPT's. */
const speakers = [
  { speaker: 'role', text: 'content', asks: ['user'], answers: ['assistant'], opens: ['system'] },
  {
    speaker: 'from',
    text: 'value',
    asks: ['human', 'user'],
    answers: ['gpt', 'assistant'],
    opens: ['system'],
  },
] as const

const leastShare = 0.9

/**
 * A column of chats that have one question and one answer each, as a task: what the person says is the instruction,
 * the answer the target. Null where there is none, or where most chats go on after the first answer.
 */
export function guessChat(columns: readonly string[], rows: readonly TableRow[]): GuessedMapping | null {
  for (const column of columns)
    for (const names of speakers)
      for (const first of [0, 1]) {
        const share =
          rows.filter(({ values }) => isOneTurn(values[column], first, names)).length / rows.length
        if (!(share >= leastShare)) continue
        const [instruction, target] = [first, first + 1].map((i) => `${column}[${i}].${names.text}`)
        if (instruction === undefined || target === undefined) continue
        const percent = `in ${Math.round(share * 100)} % of the rows`
        const confidence = Math.round(share * 90) / 100
        return {
          mapping: { form: 'task', roles: { instruction, target } },
          guesses: [
            {
              role: 'instruction',
              column: instruction,
              confidence,
              reason: `The person asks once ${percent}.`,
            },
            { role: 'target', column: target, confidence, reason: `The assistant answers once ${percent}.` },
          ],
          missing: [],
        }
      }
  return null
}

/** @param first 0, or 1 where the chat opens with the system's message. */
function isOneTurn(cell: unknown, first: number, names: (typeof speakers)[number]): boolean {
  const chat = unpacked(cell)
  if (!Array.isArray(chat) || chat.length !== first + 2) return false
  const wanted: readonly (readonly string[])[] = [
    ...(first === 1 ? [names.opens] : []),
    names.asks,
    names.answers,
  ]
  return wanted.every((allowed, i) => {
    const message: unknown = chat[i]
    if (!isObject(message) || typeof message[names.text] !== 'string') return false
    return allowed.includes(String(message[names.speaker]))
  })
}
