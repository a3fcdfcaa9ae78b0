import { setTimeout as wait } from 'node:timers/promises'
import { describe, expect, onTestFinished, test } from 'vitest'
import { createChecks } from '../../../main/datasets/checks/create-checks.ts'
import { exampleHandlers } from '../../../main/datasets/examples/examples.ts'
import { estimateTokens } from '../../../main/datasets/passages/count-tokens.ts'
import { mendHandlers } from '../../../main/datasets/mending/mend.ts'
import { problemHandlers } from '../../../main/datasets/mending/problems.ts'
import { call, openRecords } from './stored-records.ts'

async function open({
  window = null,
  delay = 1e6,
  most,
}: { window?: number | null; delay?: number; most?: number } = {}) {
  const project = await openRecords()
  const { projectId } = project
  // Everything is for training, but for files that say otherwise.
  await project.store.run(
    'UPDATE project SET validation_fraction = 0, test_fraction = 0 WHERE id = ?',
    projectId,
  )
  let tokens = window
  const checks = createChecks({
    ...project,
    windowOf: () => Promise.resolve(tokens),
    delay,
    ...(most === undefined ? {} : { most }),
  })
  onTestFinished(() => checks.dispose())
  const handlers = { ...mendHandlers(project), ...problemHandlers(project), ...exampleHandlers(project) }
  const check = async () => (await checks['data.check']({ projectId }, call)).found
  const mend = async (kind: string | null, undo = false) =>
    (await handlers['data.mend']({ projectId, kind, ids: null, undo }, call)).changed
  const rowsOf = async (kind: string) =>
    (await handlers['data.problemRows']({ projectId, kind, offset: 0, limit: 100 }, call)).rows
  const everything = { offset: 0, limit: 500, search: null, split: null, sourceId: null, range: null }
  const examples = async () => (await handlers['data.examples']({ projectId, ...everything }, call)).rows
  const setWindow = (value: number) => {
    tokens = value
  }
  return { ...project, checks, check, mend, rowsOf, examples, setWindow }
}

const words = (count: number, seed: number) =>
  Array.from({ length: count }, (_, i) => `word${(i * 7919 + seed * 104729) % 9973}`).join(' ')
const ask = (context: string, question: string, answer: string | null, more = {}) => ({
  context,
  question,
  answers: {
    text: answer === null ? [] : [answer],
    answer_start: answer === null ? [] : [context.indexOf(answer)],
  },
  is_impossible: answer === null,
  ...more,
})

describe('near-duplicates', () => {
  const context = `Ada wrote the notes in 1843. ${words(60, 1)} end`
  test('differ in case, punctuation, small words and a little of the context', async () => {
    const { add, check, rowsOf, mend, examples } = await open()
    await add([
      ask(context, 'When were the notes written?', '1843'),
      ask(context, 'when were notes written', '1843'),
      ask(context.replace(' end', ' finish'), 'When were the Notes written?', '1843'),
      ask(`Ada wrote the notes in 1843. ${words(60, 2)}`, 'When were the notes written?', '1843'),
      ask(context, 'Who wrote the notes?', 'Ada'),
    ])
    expect(await check()).toBe(2)
    const rows = await rowsOf('near_duplicate')
    expect(rows.map(({ where, proposal }) => [where, proposal?.action])).toEqual([
      ['line 2', 'leave-out'],
      ['line 3', 'leave-out'],
    ])
    expect(rows[0]?.message).toContain('Line 1 of file.jsonl asks')
    expect(rows[1]?.message).toContain('nearly the same context')
    expect(await mend('near_duplicate')).toBe(2)
    expect(await examples()).toHaveLength(3)
    expect(await check()).toBe(0)
    expect(await mend('near_duplicate', true)).toBe(2)
    expect(await examples()).toHaveLength(5)
    expect(await check()).toBe(2)
    expect(await rowsOf('near_duplicate')).toHaveLength(2)
  })

  test('come with a file that is imported twice', async () => {
    const { add, check, mend, examples } = await open()
    const rows = Array.from({ length: 20 }, (_, i) => ask(`${context} ${i}`, `Question ${i}?`, 'Ada'))
    await add(rows)
    await add(rows, { name: 'again.jsonl' })
    expect(await check()).toBe(20)
    expect(await mend('near_duplicate')).toBe(20)
    expect((await examples()).map(({ sourceName }) => sourceName)).toEqual(Array(20).fill('file.jsonl'))
  })
})

describe('contradictions', () => {
  const context = 'Ada wrote the notes in 1843 and Charles built it in 1837.'
  test('are answers that do not agree, and accepting all of them settles it', async () => {
    const { add, check, rowsOf, mend, examples } = await open()
    await add([
      ask(context, 'When was it?', '1843'),
      ask(context, 'When was it?', 'in 1843'),
      ask(context, 'When was it?', '1837'),
      ask(context, 'Who?', 'Ada'),
      ask(context, 'Who?', null),
    ])
    expect(await check()).toBe(5)
    const rows = await rowsOf('contradiction')
    expect(rows.map(({ proposal }) => proposal?.action)).toEqual([
      'answers',
      'answers',
      'answers',
      'answers',
      'leave-out',
    ])
    expect(rows[0]?.proposal?.answer).toBe('1843 / in 1843 / 1837')
    expect(rows[0]?.message).toBe('Line 3 of file.jsonl answers “1837”.')
    expect(rows[3]?.message).toBe('Line 5 of file.jsonl calls the question unanswerable.')
    await mend('contradiction')
    const after = await examples()
    expect(after).toHaveLength(4)
    expect(after[2]?.answers.map(({ text }) => text)).toEqual(['1837', '1843', 'in 1843'])
    for (const { context: text, answers } of after)
      for (const answer of answers) expect(text.startsWith(answer.text, answer.start ?? -1)).toBe(true)
    expect((await rowsOf('contradiction')).filter(({ status }) => status === 'flagged')).toEqual([])
    await mend('contradiction', true)
    expect((await examples()).map(({ answers }) => answers.map(({ text }) => text))).toEqual([
      ['1843'],
      ['in 1843'],
      ['1837'],
      ['Ada'],
      [],
    ])
  })

  test('of tasks are different labels, not different texts', async () => {
    const { add, check, rowsOf } = await open()
    const task = (input: string, target: string) => ({ instruction: 'Say what it is.', input, target })
    await add([
      task('A cat', 'animal'),
      task('A cat', 'plant'),
      task('A dog', 'A dog is an animal that barks.'),
      task('A dog', 'An animal that people keep.'),
    ])
    expect(await check()).toBe(2)
    expect((await rowsOf('contradiction')).map(({ where }) => where)).toEqual(['line 1', 'line 2'])
  })
})

describe('leaks', () => {
  test('are contexts, or questions with answers, that training shares with what is held out', async () => {
    const { add, check, rowsOf, mend, examples } = await open()
    const context = `Ada wrote the notes in 1843. ${words(60, 3)} end`
    await add([
      ask(context, 'Who wrote the notes?', 'Ada'),
      ask(`In 1843 it was. ${words(40, 4)}`, 'Which year saw the famous notes published?', '1843'),
      ask(`The 1843 edition. ${words(40, 5)}`, 'What year?', '1843'),
      { instruction: 'Say yes.', input: 'yes', target: 'yes' },
    ])
    await add(
      [
        ask(context.replace(' end', ' finish'), 'When?', '1843'),
        ask(`So 1843 then. ${words(40, 6)}`, 'Which year saw the famous notes published?', '1843'),
        ask(`Yes, 1843. ${words(40, 7)}`, 'What year?', '1843'),
        { instruction: 'Say no.', input: 'yes', target: 'no' },
      ],
      { name: 'test.jsonl', use: 'test' },
    )
    expect(await check()).toBe(2)
    const rows = await rowsOf('split_leak')
    expect(rows.map(({ where, message }) => [where, message])).toEqual([
      ['line 1', 'The same stands in what is held out: line 1 of test.jsonl.'],
      ['line 2', 'The same stands in what is held out: line 2 of test.jsonl.'],
    ])
    expect(await mend(null)).toBe(2)
    expect(await examples()).toHaveLength(6)
    expect(await check()).toBe(0)
  })
})

describe('windows', () => {
  test('longer contexts are cut at sentences around the answer, and put back', async () => {
    const { add, check, rowsOf, mend, examples, setWindow } = await open({ window: 4000 })
    const sentence = (i: number) => `Sentence ${i} says that thing ${i} is 🙂 blue.`
    const context = Array.from({ length: 200 }, (_, i) => sentence(i)).join(' ')
    const row = (answer: string) => ({
      context,
      question: `Where is ${answer}?`,
      answers: [{ text: answer, answer_start: [...context.slice(0, context.indexOf(answer))].length }],
    })
    await add([row('thing 120'), row('thing 0'), { ...row('x'), answers: [], is_impossible: true }])
    expect(await check()).toBe(0)
    setWindow(512)
    expect(await check()).toBe(3)
    const before = await examples()
    expect((await rowsOf('context_beyond_window'))[0]?.message).toContain('the model reads 512 at once')
    expect(await mend('context_beyond_window')).toBe(3)
    const after = await examples()
    for (const { context: cut, answers } of after) {
      expect(estimateTokens(cut)).toBeLessThanOrEqual(512 - 48)
      expect(estimateTokens(cut)).toBeGreaterThan(400)
      expect(cut).toMatch(/^Sentence \d+ says .* blue\.$/)
      for (const { text, start } of answers)
        expect([...cut].slice(start ?? -1, (start ?? -1) + [...text].length).join('')).toBe(text)
    }
    expect(after[2]?.context.startsWith('Sentence 0 ')).toBe(true)
    expect(await check()).toBe(0)
    expect(await mend('context_beyond_window', true)).toBe(3)
    expect(await examples()).toEqual(before)
  })

  test('inputs of tasks are told of, but not cut', async () => {
    const { add, check, rowsOf } = await open({ window: 128 })
    await add([{ instruction: 'Sum up.', input: words(300, 1), target: 'Words.' }])
    expect(await check()).toBe(1)
    expect((await rowsOf('context_beyond_window'))[0]).toMatchObject({ proposal: null, status: 'flagged' })
  })
})

describe('the check', () => {
  const rows = Array.from({ length: 40 }, (_, i) =>
    ask(`Ada wrote text ${i % 20}. ${words(30, i % 20)}`, i < 20 ? 'Who wrote?' : 'Who wrote it?', 'Ada'),
  )
  const pairs = rows.map((row, i) => (i < 20 ? row : { ...row, question: 'who wrote' }))

  test('runs by itself after a change, and writes nothing where nothing is new', async () => {
    const { add, rowsOf, changes, store, projectId } = await open({ delay: 20 })
    let published = 0
    changes.subscribe(({ topic }) => {
      if (topic === 'data') published++
    })
    await add(pairs)
    await expect.poll(async () => (await rowsOf('near_duplicate')).length).toBe(20)
    const before = await rowsOf('near_duplicate')
    const version = () => store.get('SELECT data_version FROM project WHERE id = ?', projectId)
    const was = await version()
    await wait(200)
    const settled = published
    changes.publish('projects', projectId)
    await wait(200)
    expect(published).toBe(settled)
    expect(await rowsOf('near_duplicate')).toEqual(before)
    expect(await version()).toEqual(was)
  })

  test('does not begin by itself where there is too much, but when it is asked for', async () => {
    const { add, rowsOf, check } = await open({ delay: 10, most: 30 })
    await add(pairs)
    await wait(150)
    expect(await rowsOf('near_duplicate')).toEqual([])
    expect(await check()).toBe(20)
  })

  test('can be stopped, and ends with the app', async () => {
    const { add, checks, projectId } = await open()
    await add(Array.from({ length: 2000 }, (_, i) => ask(`Ada ${words(80, i)}`, `Who ${i}?`, 'Ada')))
    const controller = new AbortController()
    const running = checks['data.check'](
      { projectId },
      { emit: () => controller.abort(), signal: controller.signal },
    )
    await expect(running).rejects.toMatchObject({ code: 'cancelled' })
    await expect(checks['data.check']({ projectId: 'none' }, call)).rejects.toMatchObject({
      code: 'project_missing',
    })
    await checks.dispose()
  })
})
