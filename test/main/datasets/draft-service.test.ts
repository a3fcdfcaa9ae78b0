import { hash } from 'node:crypto'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { DraftProgress, DraftState, DraftVerdict } from '../../../main/contract/drafts.ts'
import { createDrafting } from '../../../main/datasets/drafting/drafting.ts'
import type { DraftingDeps } from '../../../main/datasets/drafting/drafting.ts'
import { insertBatch } from '../../../main/datasets/importing/insert-batch.ts'
import { markHandlers } from '../../../main/datasets/examples/mark-answer.ts'
import { sourceHandlers } from '../../../main/datasets/sources.ts'
import { createProjects } from '../../../main/projects/service.ts'
import { createChanges } from '../../../main/store/changes.ts'
import { openStore } from '../../../main/store/open.ts'
import { createAnswering } from '../../../main/trainers/answering.ts'
import { forkTrainer } from '../../../main/trainers/trainer-process.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

const root = join(import.meta.dirname, '../../..')
const worker = fileURLToPath(new URL('../../../trainer/worker.ts', import.meta.url))
const call = { emit: () => undefined, signal: new AbortController().signal }

// From SQuAD 1.1 (Rajpurkar et al. 2016), text from Wikipedia and its authors, CC BY-SA 4.0.
const passages = [
  "About 61.1% of Victorians describe themselves as Christian. Roman Catholics form the single largest religious group in the state with 26.7% of the Victorian population, followed by Anglicans and members of the Uniting Church. Buddhism is the state's largest non-Christian religion, with 168,637 members as of the most recent census. Victoria is also home of 152,775 Muslims and 45,150 Jews. Hinduism is the fastest growing religion. Around 20% of Victorians claim no religion. Amongst those who declare a religious affiliation, church attendance is low.",
  "The Rhine emerges from Lake Constance, flows generally westward, as the Hochrhein, passes the Rhine Falls, and is joined by its major tributary, the river Aare. The Aare more than doubles the Rhine's water discharge, to an average of nearly 1,000 m3/s (35,000 cu ft/s), and provides more than a fifth of the discharge at the Dutch border. The Aare also contains the waters from the 4,274 m (14,022 ft) summit of Finsteraarhorn, the highest point of the Rhine basin.",
]

/** A real store with a project and one document of two passages, drafting over it, and a real answering process. */
async function openDrafting(change: Partial<DraftingDeps> = {}) {
  const folder = await temporaryFolder()
  const store = await openStore(join(folder, 'home'))
  onTestFinished(() => store.close())
  const changes = createChanges()
  const answering = createAnswering({ startTrainer: () => forkTrainer(worker), settings: { threads: 1 } })
  onTestFinished(() => answering.dispose())
  const projects = createProjects({
    store,
    changes,
    stopWork: (projectId) => drafting.stopProject(projectId),
    hasActiveRun: () => false,
  })
  const models: Readonly<Record<string, { folder: string; name: string; architecture: string }>> = {
    starter: { folder: join(root, 'assets', 'starter'), name: 'Starter', architecture: 't5' },
    bert: { folder, name: 'BERT', architecture: 'bert' },
  }
  const drafting = createDrafting({
    store,
    changes,
    answering,
    modelOf: (modelId) => Promise.resolve(models[modelId] ?? null),
    runOf: () => Promise.resolve(null),
    ...change,
  })
  const { id: projectId } = await projects['projects.create']({ name: 'Rivers' }, call)
  const addDocument = (sourceId: string, texts: readonly string[]) =>
    store.transaction(async (writer) => {
      await writer.run(
        `INSERT INTO source (id, project_id, name, kind, format, bytes, use, imported_at)
         VALUES (?, ?, ?, 'documents', 'text', 1, 'auto', 1)`,
        sourceId,
        projectId,
        `${sourceId}.txt`,
      )
      const rows = texts.map((text, i) => ({
        hash: hash('sha256', text),
        title: sourceId,
        heading: ['Part one'],
        page: null,
        place: `paragraph ${i + 1}`,
        text,
        words: text.split(' ').length,
      }))
      await insertBatch(writer, { projectId, sourceId }, { passages: rows, examples: [], problems: [] })
    })
  await addDocument('document', passages)

  const list = (state: DraftState) =>
    drafting['data.drafts']({ projectId, state, offset: 0, limit: 100 }, call)
  const review = (
    id: number,
    verdict: DraftVerdict,
    more: { question?: string; span?: { start: number; end: number } } = {},
  ) => drafting['data.reviewDraft']({ projectId, id, verdict, question: null, span: null, ...more }, call)
  const draft = (
    more: { modelId?: string; runId?: string; sourceId?: string; most?: number } = {},
    context: Parameters<(typeof drafting)['data.draft']>[1] = call,
  ) =>
    drafting['data.draft'](
      { projectId, modelId: 'starter', runId: null, sourceId: null, most: 100, ...more },
      context,
    )
  const examples = () =>
    store.all<{ question: string; answers: string; source: string; split: string }>(
      `SELECT e.question, e.answers, s.name AS source, e.split FROM example e JOIN source s ON s.id = e.source_id
       ORDER BY e.id`,
    )
  /** Drafts as if a model had made them. */
  const write = async (count: number): Promise<readonly number[]> => {
    const rows = await store.all<{ id: number; text: string }>('SELECT id, text FROM passage ORDER BY id')
    const ids: number[] = []
    for (let i = 0; i < count; i++) {
      const { id, text } = rows[i % rows.length] ?? { id: 0, text: '' }
      const answer = text.split(' ')[2] ?? ''
      const { lastId } = await store.run(
        `INSERT INTO draft (project_id, passage_id, question, answer, start, score, model_name)
         VALUES (?, ?, ?, ?, ?, -0.5, 'Starter')`,
        projectId,
        id,
        `Which word is it, asked for the time ${i}?`,
        answer,
        text.indexOf(answer),
      )
      ids.push(lastId)
    }
    return ids
  }
  return { store, changes, drafting, projects, projectId, addDocument, list, review, draft, examples, write }
}

describe('drafting', () => {
  test('the starter drafts questions about real passages, and answers each with the words it was written for', async () => {
    const { draft, list, examples } = await openDrafting()
    const events: DraftProgress[] = []
    const result = await draft({}, { ...call, emit: (event) => events.push(event) })
    expect(result.passages).toBe(2)
    expect(result.candidates).toBeGreaterThan(10)
    expect(result.kept).toBeGreaterThan(0)
    const refused = result.refused.reduce((sum, { count }) => sum + count, 0)
    expect(result.kept + refused).toBe(result.candidates)
    expect(result.written).toBeGreaterThanOrEqual(result.kept)
    for (const { reason } of result.refused) expect(reason).toMatch(/^[A-Z].+[.]$/)

    const { rows, total, counts } = await list('waiting')
    expect([total, counts]).toEqual([result.kept, { waiting: result.kept, kept: 0, dropped: 0 }])
    for (const { passage, question, answer, score, ...row } of rows) {
      expect(question).toMatch(/^[^\n]+[?]$/)
      expect(
        [...passage]
          .slice(answer.start ?? NaN)
          .join('')
          .startsWith(answer.text),
      ).toBe(true)
      expect(score).toBeLessThanOrEqual(0)
      expect(row).toMatchObject({
        title: 'document',
        heading: ['Part one'],
        sourceName: 'document.txt',
        modelName: 'Starter',
        state: 'waiting',
        edited: false,
      })
    }
    const last = events.at(-1)
    expect(last).toMatchObject({ passages: 2, passagesTotal: 2, kept: result.kept, written: result.written })
    expect(last?.latest).toEqual({ question: rows.at(-1)?.question, answer: rows.at(-1)?.answer.text })
    expect(await examples()).toEqual([])

    // What was drafted is not drafted again; the passages with the fewest questions come first.
    const again = await draft()
    const known = new Set(rows.map(({ question, passageId }) => `${passageId} ${question}`))
    const { rows: all } = await list('waiting')
    expect(all).toHaveLength(rows.length + again.kept)
    for (const { passageId, question } of all.slice(rows.length))
      expect(known).not.toContain(`${passageId} ${question}`)
  }, 60_000)

  test('it stops at the number that was asked for, and keeps to one document', async () => {
    const { draft, list, addDocument } = await openDrafting()
    await addDocument('other', ['The Elbe is a long river that was never asked about by anyone.'])
    const result = await draft({ most: 1, sourceId: 'document' })
    expect(result.kept).toBe(1)
    expect((await list('waiting')).rows.map(({ sourceName }) => sourceName)).toEqual(['document.txt'])
  }, 60_000)

  test('cancelled, it keeps what stood the check so far', async () => {
    const { draft, list } = await openDrafting()
    const stopping = new AbortController()
    const emit = ({ kept }: DraftProgress) => {
      if (kept >= 1) stopping.abort()
    }
    await expect(draft({}, { emit, signal: stopping.signal })).rejects.toMatchObject({ code: 'cancelled' })
    expect((await list('waiting')).counts).toEqual({ waiting: 1, kept: 0, dropped: 0 })
    expect((await draft({ most: 1 })).kept).toBe(1)
  }, 60_000)

  test('one drafting at a time for a project; it ends when the project is deleted', async () => {
    const { draft, projects, projectId } = await openDrafting()
    const first = draft().catch((thrown: unknown) => thrown)
    await expect(draft()).rejects.toMatchObject({ code: 'busy' })
    await projects['projects.delete']({ projectId, force: true }, call)
    expect(await first).toMatchObject({ code: 'project_missing' })
    await expect(draft()).rejects.toMatchObject({ code: 'project_missing' })
  }, 60_000)

  test('what cannot draft is told before anything is loaded', async () => {
    const { draft } = await openDrafting({
      answering: {
        ask: () => Promise.reject(new Error('asked')),
        write: () => Promise.reject(new Error('written')),
      },
    })
    await expect(draft({ modelId: 'bert' })).rejects.toMatchObject({
      code: 'model_unsupported',
      message: expect.stringMatching(/^BERT cannot write questions: .+[.] Choose a T5/) as string,
    })
    await expect(draft({ modelId: 'gone' })).rejects.toMatchObject({ code: 'model_missing' })
    await expect(draft({ runId: 'gone' })).rejects.toMatchObject({ code: 'run_missing' })
    await expect(draft({ sourceId: 'gone' })).rejects.toMatchObject({ code: 'data_empty' })
  })
})

describe('reviewing', () => {
  test('a kept draft becomes an example, and goes back to the waiting ones with it removed', async () => {
    const { list, review, examples, write, store, projectId } = await openDrafting()
    const [id = 0, second = 0] = await write(2)
    expect(await review(id, 'keep')).toMatchObject({ state: 'kept', edited: false })
    expect(await examples()).toEqual([
      {
        question: 'Which word is it, asked for the time 0?',
        answers: JSON.stringify([{ text: 'of', start: passages[0]?.indexOf('of') }]),
        source: 'Drafted by Starter',
        split: expect.any(String) as string,
      },
    ])
    await review(second, 'keep')
    const rows = await store.all(
      'SELECT name, rows, kind, format FROM source WHERE project_id = ? AND rows > 0',
      projectId,
    )
    expect(rows).toEqual([{ name: 'Drafted by Starter', rows: 2, kind: 'marked', format: 'drafted' }])
    expect((await list('kept')).counts).toEqual({ waiting: 0, kept: 2, dropped: 0 })

    expect(await review(id, 'back')).toMatchObject({ state: 'waiting' })
    expect(await review(second, 'back')).toMatchObject({ state: 'waiting' })
    expect(await examples()).toEqual([])
    expect(await store.all("SELECT id FROM source WHERE format = 'drafted'")).toEqual([])
    expect(await review(id, 'drop')).toMatchObject({ state: 'dropped' })
    expect(await review(id, 'back')).toMatchObject({ state: 'waiting' })
  })

  test('an edited question and answer are kept as changed; a second change takes the place of the first', async () => {
    const { review, examples, write } = await openDrafting()
    const [id = 0, second = 0, third = 0] = await write(3)
    const [start, end] = [passages[0]?.indexOf('Roman') ?? 0, (passages[0]?.indexOf('Catholics') ?? 0) + 9]
    const kept = await review(id, 'keep', {
      question: ' Who forms the largest group? ',
      span: { start: start - 1, end },
    })
    expect(kept).toMatchObject({
      question: 'Who forms the largest group?',
      answer: { text: 'Roman Catholics', start },
      edited: true,
      state: 'kept',
    })
    await review(id, 'keep', { question: 'Which group is the largest?' })
    expect(await examples()).toMatchObject([
      {
        question: 'Which group is the largest?',
        answers: JSON.stringify([{ text: 'Roman Catholics', start }]),
      },
    ])
    await expect(review(second, 'keep', { question: ' ' })).rejects.toMatchObject({ code: 'data_invalid' })
    await expect(review(second, 'keep', { span: { start: 4, end: 4 } })).rejects.toMatchObject({
      code: 'data_invalid',
    })
    await expect(review(second, 'keep', { span: { start: 0, end: 9999 } })).rejects.toMatchObject({
      code: 'data_invalid',
    })
    await expect(review(third, 'keep', { question: 'Which group is the largest?' })).rejects.toMatchObject({
      code: 'data_invalid',
    })
    await expect(review(99, 'keep')).rejects.toMatchObject({ code: 'draft_missing' })
    expect(await examples()).toHaveLength(1)
  })

  test('all that wait are kept or dropped together, in steps', async () => {
    const { drafting, projectId, list, review, examples, write } = await openDrafting()
    const [first = 0] = await write(450)
    await review(first, 'drop')
    expect(await drafting['data.reviewAllDrafts']({ projectId, verdict: 'keep' }, call)).toEqual({
      changed: 449,
    })
    expect((await list('waiting')).counts).toEqual({ waiting: 0, kept: 449, dropped: 1 })
    expect(await examples()).toHaveLength(449)
    await review(first, 'back')
    expect(await drafting['data.reviewAllDrafts']({ projectId, verdict: 'drop' }, call)).toEqual({
      changed: 1,
    })
    expect(await examples()).toHaveLength(449)
  })

  test('with their document go the drafts that wait; what was kept stays', async () => {
    const { drafting, store, changes, projectId, list, review, examples, write } = await openDrafting()
    const [first = 0] = await write(4)
    await review(first, 'keep')
    const sources = sourceHandlers({
      store,
      changes,
      resolveUpload: () => Promise.reject(new Error('no upload')),
      modelFolderOf: () => Promise.resolve(null),
    })
    await sources['data.removeSource']({ projectId, sourceId: 'document' }, call)
    expect((await list('waiting')).counts).toEqual({ waiting: 0, kept: 1, dropped: 0 })
    expect(await drafting['data.reviewAllDrafts']({ projectId, verdict: 'keep' }, call)).toEqual({
      changed: 0,
    })
    expect(await examples()).toHaveLength(1)
    await review(first, 'back')
    expect(await examples()).toEqual([])
  })

  test('what is marked by hand does not go among what was drafted', async () => {
    const { store, changes, projectId, review, examples, write } = await openDrafting()
    const [first = 0] = await write(1)
    await review(first, 'keep')
    const mark = markHandlers({ store, changes })['data.mark']
    const passage = await store.get<{ id: number }>('SELECT id FROM passage ORDER BY id')
    await mark({ projectId, passageId: passage?.id ?? 0, question: 'How many?', start: 6, end: 11 }, call)
    expect((await examples()).map(({ source }) => source)).toEqual(['Drafted by Starter', 'Marked by hand'])
  })
})
