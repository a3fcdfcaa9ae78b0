import { SvelteMap } from 'svelte/reactivity'
import type { ChatMessage } from '../../../main/contract/comparisons.ts'
import type { RunInfo } from '../../../main/contract/runs.ts'
import { createAsking } from '../../answers/asking.svelte.ts'
import type { Asking } from '../../answers/asking.svelte.ts'
import { host } from '../../connect.ts'

/** A question whose answers are not stored yet: on their way, stopped or failed. */
export interface PendingTurn {
  readonly question: string
  readonly run: RunInfo | null
  readonly at: number
  readonly asking: Asking
}

/** The choices of a project's Chat step, kept while the window is open. */
export interface ChatChoices {
  /** Null for a chat that is not begun yet; undefined for the one that was used last. */
  readonly chatId?: string | null
  /** Null asks the base model alone; undefined asks the project's current run. */
  readonly runId?: string | null
}

// Kept outside the screen: an answer goes on, and is there on return, when another step is looked at.
const pending = new SvelteMap<string, PendingTurn>()
const choices = new SvelteMap<string, ChatChoices>()

export function pendingTurn(chatId: string): PendingTurn | undefined {
  return pending.get(chatId)
}

export function chatChoices(projectId: string): ChatChoices {
  return choices.get(projectId) ?? {}
}

export function chooseInChat(projectId: string, choice: ChatChoices): void {
  choices.set(projectId, { ...chatChoices(projectId), ...choice })
}

/** Takes a question that was stopped or failed out of sight. */
export function dropPending(chatId: string): void {
  pending.get(chatId)?.asking.stop()
  pending.delete(chatId)
}

/** Asks in a chat. @returns the stored turn; undefined where it was stopped or failed, which the pending turn tells */
export async function askInChat(
  chatId: string,
  question: string,
  run: RunInfo | null,
): Promise<ChatMessage | undefined> {
  dropPending(chatId)
  const asking = createAsking()
  const turn: PendingTurn = { question, run, at: Date.now(), asking }
  pending.set(chatId, turn)
  const message = await asking.ask(run !== null, (options) =>
    host.call('chat.ask', { chatId, question, runId: run?.id ?? null }, options),
  )
  return pending.get(chatId) === turn ? message : undefined
}

/** Clears the pending turn once its stored form is shown. */
export function settlePending(chatId: string): void {
  pending.delete(chatId)
}
