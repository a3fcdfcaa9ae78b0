import type { Chat, ChatMessage, ChatSummary, FoundPassage, SideAnswer } from '../contract/comparisons.ts'
import type { Reader, Writer } from '../store/connection.ts'

interface ChatRow {
  readonly id: string
  readonly project_id: string
  readonly title: string
  readonly created_at: number
  readonly updated_at: number
  readonly messages: number
}

interface TurnRow {
  readonly id: number
  readonly at: number
  readonly question: string
  readonly run_id: string | null
  readonly run_name: string | null
  readonly model_name: string
  readonly passages: string
  readonly base: string | null
  readonly tuned: string | null
}

/** A turn before it is stored. */
export type NewTurn = Omit<ChatMessage, 'id' | 'note'>

/** What a chat is called before its first question. */
export const untitled = 'New chat'
const titleLength = 60

const chatColumns = `chat.*, (SELECT COUNT(*) FROM chat_turn WHERE chat_id = chat.id) AS messages`

/** The chats of a project, the one used last first. */
export async function chatsOf(store: Reader, projectId: string): Promise<readonly ChatSummary[]> {
  const rows = await store.all<ChatRow>(
    `SELECT ${chatColumns} FROM chat WHERE project_id = ? ORDER BY updated_at DESC, rowid DESC`,
    projectId,
  )
  return rows.map(asSummary)
}

/** A chat with its turns; null where it is gone. */
export async function readChat(store: Reader, chatId: string): Promise<Chat | null> {
  const row = await store.get<ChatRow>(`SELECT ${chatColumns} FROM chat WHERE id = ?`, chatId)
  if (!row) return null
  const turns = await store.all<TurnRow>('SELECT * FROM chat_turn WHERE chat_id = ? ORDER BY id', chatId)
  return { ...asSummary(row), turns: turns.map(asMessage) }
}

/** Adds a turn; the first one gives the chat its title. Null where the chat is gone. */
export async function addTurn(writer: Writer, chatId: string, turn: NewTurn): Promise<ChatMessage | null> {
  const chat = await writer.get<{ title: string }>('SELECT title FROM chat WHERE id = ?', chatId)
  if (!chat) return null
  const asked = await writer.get('SELECT id FROM chat_turn WHERE chat_id = ? LIMIT 1', chatId)
  await writer.run(
    'UPDATE chat SET title = ?, updated_at = ? WHERE id = ?',
    asked ? chat.title : titleOf(turn.question),
    turn.at,
    chatId,
  )
  const { lastId } = await writer.run(
    `INSERT INTO chat_turn (chat_id, at, question, run_id, run_name, model_name, passages, base, tuned)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    chatId,
    turn.at,
    turn.question,
    turn.runId,
    turn.runName,
    turn.modelName,
    JSON.stringify(turn.passages),
    turn.base && JSON.stringify(turn.base),
    turn.tuned && JSON.stringify(turn.tuned),
  )
  return { ...turn, id: lastId, note: noteOf(turn) }
}

/** The question in a line, cut at a word. */
function titleOf(question: string): string {
  const line = question.trim().replace(/\s+/g, ' ')
  const points = [...line]
  if (points.length <= titleLength) return line
  const head = points.slice(0, titleLength).join('')
  return `${head.replace(/\s+\S*$/, '') || head}…`
}

function asSummary(row: ChatRow): ChatSummary {
  return {
    id: row.id,
    projectId: row.project_id,
    title: row.title,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    messages: row.messages,
  }
}

function asMessage(row: TurnRow): ChatMessage {
  const turn = {
    at: row.at,
    question: row.question,
    runId: row.run_id,
    runName: row.run_name,
    modelName: row.model_name,
    passages: JSON.parse(row.passages) as FoundPassage[],
    base: row.base === null ? null : (JSON.parse(row.base) as SideAnswer),
    tuned: row.tuned === null ? null : (JSON.parse(row.tuned) as SideAnswer),
  }
  return { ...turn, id: row.id, note: noteOf(turn) }
}

function noteOf({ passages, base }: Pick<NewTurn, 'passages' | 'base'>): string | null {
  // A model that has learnt tasks has answered from memory.
  if (base !== null) return null
  if (passages.length > 0) return null
  return 'No passage of the project has words of this question, so there was nothing to answer from. Ask in other words, or add documents in the Data step.'
}
