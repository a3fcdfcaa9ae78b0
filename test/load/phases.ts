import { Agent } from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'
import { answerText, callApi } from '../support/api-client.ts'
import type { ApiReply, ApiTarget } from '../support/api-client.ts'
import { pipelined } from './pipeline.ts'
import { chatBody, longBody } from './questions.ts'
import type { Question } from './questions.ts'

/** A server to ask, and the mark of its answer to each question when it is asked alone. */
export interface LoadTarget extends ApiTarget {
  readonly questions: readonly Question[]
  readonly expected: ReadonlyMap<Question, string>
}

export interface Figures {
  readonly asked: number
  readonly answered: number
  /** Answers to another question than the one that was asked in this place. */
  readonly orderFaults: number
  readonly refused: number
  /** Milliseconds of those that were answered, from the first try on. */
  readonly latencies: readonly number[]
}

export interface Load {
  readonly waiting: number
  readonly answering: number
  readonly held_bytes: number
}

const path = '/v1/chat/completions'
const longestWaitMs = 120_000

export async function loadOf(target: ApiTarget): Promise<Load> {
  return JSON.parse((await callApi(target, '/v1/loracle/load')).text) as Load
}

/** Polls until the load is as wished; returns the milliseconds that it took. */
export async function untilLoad(target: ApiTarget, wished: (load: Load) => boolean): Promise<number> {
  const began = performance.now()
  for (;;) {
    const load = await loadOf(target)
    if (wished(load)) return performance.now() - began
    if (performance.now() - began > longestWaitMs)
      throw new Error(`The load stays at ${JSON.stringify(load)}.`)
    await pause(5)
  }
}

/** Asks every question once, alone. */
export async function withExpected(target: ApiTarget, questions: readonly Question[]): Promise<LoadTarget> {
  const expected = new Map<Question, string>()
  for (const question of questions) {
    const reply = await callApi(target, path, { body: chatBody(question) })
    if (reply.status !== 200) throw new Error(`${question.question}: ${reply.status} ${reply.text}`)
    expected.set(question, markOf(reply))
  }
  return { ...target, questions, expected }
}

/** Clients that ask at once, each one question after the other, every second one as a stream. */
export async function together(target: LoadTarget, clients: number, perClient: number): Promise<Figures> {
  const all = await Promise.all(
    Array.from({ length: clients }, async (_, client) => {
      const agent = new Agent({ keepAlive: true, maxSockets: 1 })
      const figures: Figures[] = []
      for (const [place, question] of asksOf(target, client, perClient).entries())
        figures.push(await askPatiently(target, question, { agent, stream: place % 2 === 1 }))
      agent.destroy()
      return sum(figures)
    }),
  )
  return sum(all)
}

/** Clients that send all their questions at once; those that are refused ask again when they are told to. */
export async function allAtOnce(target: LoadTarget, clients: number, perClient: number): Promise<Figures> {
  const all = await Promise.all(
    Array.from({ length: clients }, async (_, client) => {
      const asks = asksOf(target, client, perClient)
      const began = performance.now()
      const replies = await pipelined(
        target,
        path,
        asks.map((one) => chatBody(one)),
      )
      const first = replies.map((reply, i) => judge(target, asks[i], reply, began))
      const refused = asks.filter((_one, i) => replies[i]?.status === 429)
      await pause(retryMs(replies.find(({ status }) => status === 429)))
      const again: Figures[] = []
      for (const question of refused) again.push(await askPatiently(target, question, { began }))
      const tried = sum([...first, ...again])
      return { ...tried, asked: perClient }
    }),
  )
  return sum(all)
}

export interface Vanishing extends Figures {
  readonly vanished: number
  /** Milliseconds until the places of those who waited were free. */
  readonly freedMs: number
  /** Milliseconds until the next question was answered instead of the one whose client had gone. */
  readonly letGoMs: number
  /** The same in processor time of the answering process, where it is given. */
  readonly letGoProcessorMs: number
}

/** Clients that wait behind a long question; half of them vanish, and then the one that is answered. */
export async function vanishing(
  target: LoadTarget,
  clients: number,
  processorMs: () => number = () => 0,
): Promise<Vanishing> {
  const holder = hold(target)
  await untilLoad(target, ({ answering }) => answering === 1)
  const asks = Array.from({ length: clients }, (_, client) => {
    const leaving = new AbortController()
    const [question] = asksOf(target, client, 1)
    const stream = client % 4 < 2
    const began = performance.now()
    const reply = callApi(target, path, {
      body: question && chatBody(question, { stream }),
      signal: leaving.signal,
    })
    const judged = reply.then(
      (given) => judge(target, question, given, began),
      () => none,
    )
    return { leaving, judged }
  })
  await untilLoad(target, ({ waiting }) => waiting === clients)
  const gone = asks.filter((_, client) => client % 2 === 0)
  gone.forEach(({ leaving }) => leaving.abort())
  const freedMs = await untilLoad(target, ({ waiting }) => waiting === clients - gone.length)
  const spent = processorMs()
  holder.leave()
  const letGoMs = await untilLoad(target, ({ waiting }) => waiting < clients - gone.length)
  const letGoProcessorMs = processorMs() - spent
  await holder.ended
  const figures = sum(await Promise.all(asks.map(({ judged }) => judged)))
  await untilLoad(target, ({ waiting, answering, held_bytes }) => waiting + answering + held_bytes === 0)
  return { ...figures, vanished: gone.length + 1, freedMs, letGoMs, letGoProcessorMs }
}

export interface Crash extends Figures {
  readonly failed: readonly number[]
}

/** Clients that wait while the answering process is killed: the question that it was at fails, the others do not. */
export async function crashing(target: LoadTarget, clients: number, kill: () => void): Promise<Crash> {
  const holder = hold(target)
  await untilLoad(target, ({ answering }) => answering === 1)
  const asks = Array.from({ length: clients - 1 }, async (_, client) => {
    const [question] = asksOf(target, client, 1)
    const began = performance.now()
    const reply = await callApi(target, path, { body: question && chatBody(question) })
    return { status: reply.status, figures: judge(target, question, reply, began) }
  })
  await untilLoad(target, ({ waiting }) => waiting === clients - 1)
  kill()
  const status = (await holder.ended)?.status ?? 0
  const ended = await Promise.all(asks)
  const statuses = [status, ...ended.map((one) => one.status)]
  const figures = sum(ended.map((one) => one.figures))
  return { ...figures, asked: clients, failed: statuses.filter((one) => one !== 200) }
}

/** Fills the queue with the longest requests that there may be, and takes them back. */
export async function largest(target: LoadTarget, clients: number): Promise<number> {
  const holders = Array.from({ length: clients + 1 }, () => hold(target))
  let held = 0
  await untilLoad(target, (load) => {
    held = Math.max(held, load.held_bytes)
    return load.waiting === clients
  })
  holders.forEach(({ leave }) => leave())
  await Promise.all(holders.map(({ ended }) => ended))
  await untilLoad(target, ({ waiting, answering, held_bytes }) => waiting + answering + held_bytes === 0)
  return held
}

function hold(target: LoadTarget) {
  const leaving = new AbortController()
  const [question] = target.questions
  const body = question && longBody(question)
  const ended = callApi(target, path, { body, signal: leaving.signal }).catch(() => null)
  return { ended, leave: () => leaving.abort() }
}

function asksOf({ questions }: LoadTarget, client: number, perClient: number): readonly Question[] {
  return Array.from(
    { length: perClient },
    (_, i) => questions[(client * perClient + i) % questions.length],
  ).flatMap((question) => (question ? [question] : []))
}

interface AskOptions {
  readonly agent?: Agent
  readonly stream?: boolean
  readonly began?: number
}

/** Asks until it is answered: a refusal says when to ask again. */
async function askPatiently(
  target: LoadTarget,
  question: Question,
  { agent, stream = false, began = performance.now() }: AskOptions,
): Promise<Figures> {
  let refused = 0
  for (;;) {
    const options = { body: chatBody(question, { stream }), ...(agent ? { agent } : {}) }
    const reply = await callApi(target, path, options)
    const judged = judge(target, question, reply, began)
    if (reply.status !== 429) return { ...judged, refused }
    refused++
    await pause(retryMs(reply))
  }
}

function retryMs(reply: ApiReply | undefined): number {
  return Number(reply?.headers['retry-after'] ?? 0) * 1_000
}

const none: Figures = { asked: 1, answered: 0, orderFaults: 0, refused: 0, latencies: [] }

function judge(target: LoadTarget, question: Question | undefined, reply: ApiReply, began: number): Figures {
  if (reply.status === 429) return { ...none, refused: 1 }
  if (reply.status !== 200 || !question) return none
  const isRight = markOf(reply) === target.expected.get(question)
  return {
    ...none,
    answered: 1,
    orderFaults: isRight ? 0 : 1,
    latencies: [performance.now() - began],
  }
}

/** The answer and its score to the last bit, which tells questions apart that are answered alike. */
function markOf(reply: ApiReply): string {
  return `${answerText(reply)} ${/"score":([-\d.e]+)/.exec(reply.text)?.[1] ?? ''}`
}

function sum(all: readonly Figures[]): Figures {
  const total = (of: 'asked' | 'answered' | 'orderFaults' | 'refused') =>
    all.reduce((so, one) => so + one[of], 0)
  return {
    asked: total('asked'),
    answered: total('answered'),
    orderFaults: total('orderFaults'),
    refused: total('refused'),
    latencies: all.flatMap(({ latencies }) => latencies),
  }
}
