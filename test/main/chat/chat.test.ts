import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { createChat } from '../../../main/chat/chat.ts'
import type { AnswerEvent, FoundPassage } from '../../../main/contract/comparisons.ts'
import { createChanges } from '../../../main/store/changes.ts'
import { readTrainedRun } from '../../../main/store/trained-run.ts'
import { createAnswering } from '../../../main/trainers/answering.ts'
import { forkTrainer } from '../../../main/trainers/trainer-process.ts'
import { seedRun, temporaryStore } from '../../support/stored-run.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'
import { runTiny, tinyCommand, tinySettings, writeTinyRun } from '../../support/tiny-run.ts'

const workerPath = join(import.meta.dirname, '../../../trainer/worker.ts')

const passage = (passageId: number, text: string): FoundPassage => ({
  passageId,
  sourceName: 'leaflet.md',
  title: 'Leaflet',
  heading: ['Sentences'],
  page: null,
  text,
  score: 10 - passageId,
})
const passages = [
  passage(1, 'The sentence 1 is short. The other is long.'),
  passage(2, 'The sentence 2 is so short. The other is long.'),
  passage(3, 'Nothing of that kind stands here.'),
]

const settings = { maxSourceLength: 96, learningRate: 0.05, evaluateEvery: 0 }

/** A project with a trained run and its chats, over real answering processes; the search is this test's own. */
async function chatWithRun() {
  const store = await temporaryStore()
  const folder = await temporaryFolder()
  await writeTinyRun(folder)
  const { result } = await runTiny(tinyCommand(folder, join(folder, 'run'), { settings }))
  const modelFolder = join(folder, 'model')
  const { projectId } = await seedRun(store, {
    modelFolder,
    outcome: result.adapter,
    settings: { ...tinySettings, ...settings },
  })
  const changes = createChanges()
  const published: string[] = []
  changes.subscribe(({ topic, projectId: of }) => published.push(`${topic} ${String(of === projectId)}`))
  const answering = createAnswering({ startTrainer: () => forkTrainer(workerPath) })
  onTestFinished(() => answering.dispose())
  const chat = createChat({
    store,
    changes,
    answering,
    searchPassages: (of, query, limit) =>
      Promise.resolve(
        of === projectId && query.includes('short') && limit >= 3 && limit <= 5 ? passages : [],
      ),
    runOf: (runId) => readTrainedRun(store, runId),
    modelOf: () => Promise.resolve({ folder: modelFolder, name: 'Tiny T5' }),
  })
  const events: AnswerEvent[] = []
  const plain = { emit: () => undefined, signal: new AbortController().signal }
  const ask = (
    chatId: string,
    question: string,
    runId: string | null = 'run-1',
    signal: AbortSignal = plain.signal,
    emit: (event: AnswerEvent) => void = (event) => events.push(event),
  ) => chat['chat.ask']({ chatId, question, runId }, { emit, signal })
  const { id: chatId } = await chat['chat.create']({ projectId }, plain)
  return { store, chat, chatId, projectId, ask, events, published, plain }
}

describe('chat', () => {
  test('answers from the passages as base and tuned model, and keeps the turn', async () => {
    const { chat, chatId, projectId, ask, events, published, plain } = await chatWithRun()
    expect(await chat['chat.get']({ chatId }, plain)).toMatchObject({
      title: 'New chat',
      messages: 0,
      turns: [],
    })
    const turn = await ask(chatId, 'Which sentence is short?')

    expect(events.slice(0, 2)).toEqual([{ kind: 'passages', passages }, { kind: 'loading' }])
    expect(turn).toMatchObject({
      runId: 'run-1',
      runName: 'First run',
      modelName: 'Tiny T5',
      note: null,
      passages,
    })
    for (const side of ['base', 'tuned'] as const) {
      const answer = turn[side]
      expect(events).toContainEqual({ kind: 'answer', side, answer })
      expect(events.some((event) => event.kind === 'token' && event.side === side)).toBe(true)
      const { text } = passages[answer?.passage ?? -1] ?? {}
      expect(text === undefined).toBe(answer?.unanswerable)
      if (answer?.span)
        expect([...(text ?? '')].slice(answer.span.start, answer.span.end).join('').toLowerCase()).toBe(
          answer.text.toLowerCase(),
        )
    }
    expect(turn.tuned?.text).not.toBe(turn.base?.text)

    const again = await ask(chatId, 'Which is the other short one?', null)
    expect(again).toMatchObject({ runId: null, runName: null, tuned: null })
    expect(events.filter((event) => event.kind === 'loading')).toHaveLength(1)
    const kept = await chat['chat.get']({ chatId }, plain)
    expect(kept.turns).toEqual([turn, again])
    expect(kept).toMatchObject({ title: 'Which sentence is short?', messages: 2, projectId })
    expect(published).toEqual(['chat true', 'chat true', 'chat true'])
  })

  test('asks what was taught as a task as one, from memory, beside the passages that fit', async () => {
    const { store, chatId, projectId, ask, events } = await chatWithRun()
    await store.run(
      "INSERT INTO source (id, project_id, name, kind, format, bytes, imported_at) VALUES ('s', ?, 'f', 'dataset', 'csv', 1, 1)",
      projectId,
    )
    await store.run(
      "INSERT INTO passage (id, project_id, source_id, hash, title, place, text, words) VALUES (1, ?, 's', 'a', '', '', '', 0)",
      projectId,
    )
    await store.run(
      `INSERT INTO example (project_id, source_id, passage_id, key, question, answers, is_impossible, grp, place,
         split, context_words, question_words, answer_words, form)
       VALUES (?, 's', 1, 'k', 'q', '[]', 0, 'g', '', 'train', 0, 1, 1, 'task')`,
      projectId,
    )
    const turn = await ask(chatId, 'Which sentence is short?')
    expect(turn).toMatchObject({ passages, note: null })
    for (const answer of [turn.base, turn.tuned]) expect(answer).toMatchObject({ passage: null, span: null })
    expect(events[0]).toEqual({ kind: 'passages', passages })
  })

  test('says so where no passage fits, and keeps that too', async () => {
    const { chat, chatId, ask, events, plain } = await chatWithRun()
    const question = `Where ${'on earth '.repeat(20)}is it?`
    const turn = await ask(chatId, question)
    expect(turn).toMatchObject({ passages: [], base: null, tuned: null })
    expect(turn.note).toContain('No passage')
    expect(events).toEqual([{ kind: 'passages', passages: [] }])
    const kept = await chat['chat.get']({ chatId }, plain)
    expect(kept.turns).toEqual([turn])
    expect(kept.title).toMatch(/^Where on earth .*earth…$|^Where on earth .*on…$/)
    expect(kept.title.length).toBeLessThanOrEqual(61)
  })

  test('keeps nothing of a question that was taken back', async () => {
    const { chat, chatId, ask, plain } = await chatWithRun()
    const cancelling = new AbortController()
    const asked = ask(chatId, 'Which is short?', 'run-1', cancelling.signal, (event) => {
      if (event.kind === 'token') cancelling.abort()
    })
    await expect(asked).rejects.toMatchObject({ code: 'cancelled' })
    expect((await chat['chat.get']({ chatId }, plain)).turns).toEqual([])
    expect((await ask(chatId, 'Which is short?')).tuned?.text).toBeTypeOf('string')
  })

  test('can be deleted while it answers', async () => {
    const { chat, chatId, projectId, ask, store, plain } = await chatWithRun()
    const deleted: Promise<null>[] = []
    const asked = ask(chatId, 'Which is short?', 'run-1', plain.signal, (event) => {
      if (event.kind === 'loading') deleted.push(chat['chat.delete']({ chatId }, plain))
    })
    await expect(asked).rejects.toMatchObject({ code: 'chat_missing' })
    await Promise.all(deleted)
    expect(deleted).toHaveLength(1)
    expect(await chat['chat.list']({ projectId }, plain)).toEqual([])
    expect(await store.all('SELECT id FROM chat_turn')).toEqual([])
  })

  test('lists the one used last first, and refuses what is not there', async () => {
    const { chat, chatId, projectId, ask, plain } = await chatWithRun()
    const { id: newer } = await chat['chat.create']({ projectId }, plain)
    const list = async () => (await chat['chat.list']({ projectId }, plain)).map(({ id }) => id)
    expect(await list()).toEqual([newer, chatId])
    await ask(chatId, 'nothing')
    expect(await list()).toEqual([chatId, newer])

    await expect(ask('gone', 'short?')).rejects.toMatchObject({ code: 'chat_missing' })
    await expect(ask(chatId, 'short?', 'gone')).rejects.toMatchObject({ code: 'run_missing' })
    await expect(ask(chatId, '  ')).rejects.toMatchObject({ code: 'arguments_invalid' })
    const inNoProject = chat['chat.create']({ projectId: 'gone' }, plain)
    await expect(inNoProject).rejects.toMatchObject({ code: 'project_missing' })
  })
})
