import { randomUUID } from 'node:crypto'
import type { Chat, FoundPassage } from '../contract/comparisons.ts'
import { AppError } from '../contract/errors.ts'
import type { Handlers } from '../contract/methods.ts'
import type { Reader } from '../store/connection.ts'
import type { Changes } from '../store/changes.ts'
import { createProjectWork } from '../store/project-work.ts'
import type { Store } from '../store/open.ts'
import { projectForm } from '../store/project-form.ts'
import type { TrainedRun } from '../store/trained-run.ts'
import type { Answering } from '../trainers/answering.ts'
import { askSides } from '../trainers/ask-sides.ts'
import { addTurn, chatsOf, readChat, untitled } from './chat-rows.ts'

export interface ChatDeps {
  readonly store: Store
  readonly changes: Changes
  readonly answering: Pick<Answering, 'ask'>
  /** The passages of a project that fit a question best, the best first. */
  searchPassages(projectId: string, query: string, limit: number): Promise<readonly FoundPassage[]>
  /** Null where there is no such run. */
  runOf(runId: string): Promise<TrainedRun | null>
  /** The model that a project has chosen; null before it has chosen one. */
  modelOf(projectId: string): Promise<{ readonly folder: string; readonly name: string } | null>
}

/** The chats' methods, and what a project that is to be deleted needs. */
export interface Chats extends Handlers<ChatMethod> {
  /** Ends the answers that a project's chats wait for. */
  stopProject(projectId: string): Promise<void>
}

type ChatMethod = 'chat.list' | 'chat.create' | 'chat.get' | 'chat.delete' | 'chat.ask'

/** Passages that a question is asked of: each one costs an answer. */
const passagesAsked = 4

/**
 * Chats over a project's documents. Every question stands for itself: it is answered from the passages that fit
 * it best, or from memory where all examples are tasks, by the base model and by what a run has learnt. A turn is stored when it is answered; a cancelled one
 * is not.
 */
export function createChat(deps: ChatDeps): Chats {
  const { store, changes, answering, searchPassages, runOf, modelOf } = deps
  const atWork = createProjectWork()
  const answeringIn = new Map<string, Set<AbortController>>()

  async function existingChat(chatId: string): Promise<Chat> {
    const chat = await readChat(store, chatId)
    if (chat) return chat
    throw gone(chatId)
  }

  /** Whom a question goes to: a project's model, or one of its runs. */
  async function askedOf(projectId: string, runId: string | null) {
    if (runId === null) {
      const model = await modelOf(projectId)
      if (model)
        return { asked: { modelFolder: model.folder }, modelName: model.name, runId: null, runName: null }
      throw new AppError('model_missing', 'No model is chosen yet. Choose one in the Model step.', {
        projectId,
      })
    }
    const run = await runOf(runId)
    if (run?.projectId === projectId)
      return { asked: run, modelName: run.modelName, runId: run.id, runName: run.name }
    throw new AppError('run_missing', 'This run is not there in this project. Choose another one.', { runId })
  }

  return {
    'chat.list': async ({ projectId }) => {
      await requireProject(store, projectId)
      return chatsOf(store, projectId)
    },
    'chat.get': ({ chatId }) => existingChat(chatId),
    'chat.create': async ({ projectId }) => {
      const id = randomUUID()
      const now = Date.now()
      await store.transaction(async (writer) => {
        await requireProject(writer, projectId)
        await writer.run(
          'INSERT INTO chat (id, project_id, title, created_at, updated_at) VALUES (?, ?, ?, ?, ?)',
          id,
          projectId,
          untitled,
          now,
          now,
        )
      })
      changes.publish('chat', projectId)
      return existingChat(id)
    },
    'chat.delete': async ({ chatId }) => {
      const { projectId } = await existingChat(chatId)
      await store.run('DELETE FROM chat WHERE id = ?', chatId)
      for (const cancelling of answeringIn.get(chatId) ?? []) cancelling.abort()
      changes.publish('chat', projectId)
      return null
    },
    'chat.ask': async ({ chatId, question, runId }, { emit, signal, ...who }) => {
      if (question.trim() === '')
        throw new AppError('arguments_invalid', 'The question is empty. Ask something.', { part: 'question' })
      const { projectId } = await existingChat(chatId)
      const { asked, ...run } = await askedOf(projectId, runId)
      // What was taught as a task is asked as one, from memory: the passages are shown to be compared with.
      const form = await projectForm(store, projectId)
      const passages = await searchPassages(projectId, question, passagesAsked)
      const contexts = form === 'task' ? [] : passages.map((passage) => passage.text)
      emit({ kind: 'passages', passages })

      // A window that is closed or loses its connection has not taken its question back: the answer is kept.
      const taken = new AbortController()
      const takeBack = (): void => {
        if (!isConnectionLost(signal.reason)) taken.abort(signal.reason)
      }
      if (signal.aborted) takeBack()
      signal.addEventListener('abort', takeBack)
      const deleting = new AbortController()
      const ofChat = answeringIn.get(chatId) ?? new Set()
      answeringIn.set(chatId, ofChat.add(deleting))
      try {
        const both = AbortSignal.any([taken.signal, deleting.signal])
        const answers =
          contexts.length === 0 && form === 'qa'
            ? { base: null, tuned: null }
            : await atWork.during(projectId, both, (stopping) =>
                askSides(answering, { asked, form, question, contexts }, { ...who, emit, signal: stopping }),
              )
        if (taken.signal.aborted) throw new AppError('cancelled', 'The question was taken back.')
        const turn = { at: Date.now(), question, ...run, passages, ...answers }
        const message = await store.transaction((writer) => addTurn(writer, chatId, turn))
        if (!message) throw gone(chatId)
        changes.publish('chat', projectId)
        return message
      } catch (thrown) {
        throw deleting.signal.aborted ? gone(chatId) : thrown
      } finally {
        ofChat.delete(deleting)
        if (ofChat.size === 0) answeringIn.delete(chatId)
      }
    },
    stopProject: (projectId) => atWork.stop(projectId),
  }
}

function isConnectionLost(reason: unknown): boolean {
  return reason instanceof AppError && reason.code === 'connection_lost'
}

async function requireProject(store: Reader, projectId: string): Promise<void> {
  if (await store.get('SELECT id FROM project WHERE id = ?', projectId)) return
  throw new AppError('project_missing', 'This project is no longer there. Choose another one.', { projectId })
}

function gone(chatId: string): AppError {
  return new AppError('chat_missing', 'This chat was deleted. Start a new one.', { chatId })
}
