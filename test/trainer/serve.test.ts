import { cp, mkdtemp, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { ask } from '../../trainer/ask.ts'
import { modelKeeper } from '../../trainer/loaded-model.ts'
import { parseSettings } from '../../trainer/protocol.ts'
import type {
  AnswerReport,
  AnswerRequest,
  CancelMessage,
  Report,
  RequestErrorReport,
  RequestMessage,
  WriteRequest,
  WrittenReport,
} from '../../trainer/protocol.ts'
import { queueBound, serve } from '../../trainer/serve.ts'
import { runTiny, tinyCommand, tinySettings, writeTinyRun } from '../support/tiny-run.ts'

const settings = parseSettings({ ...tinySettings, maxTargetLength: 8 })
const contexts = [
  'The one is short.',
  `${'The first is long and the second is so long. '.repeat(6)}The last is short.`,
  'The one is so so so short.',
]

let folder: string
let model: string
let adapter: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'loracle-serve-'))
  await writeTinyRun(folder)
  model = join(folder, 'model')
  const { result } = await runTiny(tinyCommand(folder, join(folder, 'run')))
  adapter = result.adapter
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const request = (change: Partial<AnswerRequest> = {}): AnswerRequest => ({
  model,
  adapters: [null, adapter],
  question: 'Which one is short?',
  contexts,
  settings: {},
  ...change,
})

/** A server in this process, ended with the test. */
function startServer() {
  const stopping = new AbortController()
  const reports: Report[] = []
  let seen: () => void = () => undefined
  const early: (RequestMessage | CancelMessage)[] = []
  let listener = (message: RequestMessage | CancelMessage): void => {
    early.push(message)
  }
  const ended = serve(
    { kind: 'serve', settings },
    {
      report: (report) => {
        reports.push(report)
        seen()
      },
      stop: stopping.signal,
      keep: new AbortController().signal,
    },
    (given) => {
      listener = given
      early.forEach(given)
    },
  )
  const stop = () => {
    stopping.abort()
    return ended
  }
  onTestFinished(async () => {
    await stop()
  })
  const outcome = async (id: string): Promise<AnswerReport | WrittenReport | RequestErrorReport> => {
    for (;;) {
      const found = reports.find(
        (report) => report.type !== 'answer-token' && 'id' in report && report.id === id,
      )
      if (found?.type === 'answer' || found?.type === 'written' || found?.type === 'request-error')
        return found
      await new Promise<void>((resolve) => (seen = resolve))
    }
  }
  return {
    reports,
    outcome,
    stop,
    send: (id: string, change?: Partial<AnswerRequest>) => {
      listener({ kind: 'request', id, request: { kind: 'answer', ...request(change) } })
    },
    write: (id: string, change: Partial<WriteRequest>) => {
      const whole = { model, adapter: null, prompts: ['The one is'], settings: {}, ...change }
      listener({ kind: 'request', id, request: { kind: 'write', ...whole } })
    },
    cancel: (id: string) => {
      listener({ kind: 'cancel', id })
    },
  }
}

async function answered(server: ReturnType<typeof startServer>, id: string): Promise<AnswerReport> {
  const outcome = await server.outcome(id)
  if (outcome.type === 'answer') return outcome
  throw new Error(outcome.type === 'written' ? 'A text was written.' : outcome.error.message)
}

async function written(server: ReturnType<typeof startServer>, id: string): Promise<WrittenReport> {
  const outcome = await server.outcome(id)
  if (outcome.type === 'written') return outcome
  throw new Error(outcome.type === 'answer' ? 'A question was answered.' : outcome.error.message)
}

test('each column answers every context as `ask` does with that adapter', async () => {
  const server = startServer()
  server.send('a')
  const { columns } = await answered(server, 'a')
  expect(columns.map((column) => column.adapter)).toEqual([null, adapter])
  for (const column of columns)
    for (const [i, context] of contexts.entries()) {
      const alone = await ask(
        { kind: 'ask', model, adapter: column.adapter, question: request().question, context, settings },
        {
          report: () => undefined,
          stop: new AbortController().signal,
          keep: new AbortController().signal,
        },
      )
      const { text, unanswerable, score, windows } = column.answers[i] ?? {}
      expect({ text, unanswerable, windows }).toEqual({
        text: alone.answer,
        unanswerable: alone.unanswerable,
        windows: alone.windows,
      })
      expect(score).toBeCloseTo(alone.score, 4)
    }
  const [base, tuned] = columns
  expect(base?.answers.map(({ text }) => text)).not.toEqual(tuned?.answers.map(({ text }) => text))
  expect(tuned?.answers[1]?.windows).toBeGreaterThan(1)
})

test('the best context has the best score, and spans are found in their contexts', async () => {
  const server = startServer()
  const passages = [
    'Bread is baked in the morning.',
    'The oracle of Delphi was asked about wars 😀. The priestess Pythia spoke for Apollo.',
  ]
  server.send('a', {
    model: join(import.meta.dirname, '../../assets/starter'),
    adapters: [null],
    question: 'Who spoke for Apollo?',
    contexts: passages,
    settings: { maxSourceLength: null, maxTargetLength: 16 },
  })
  const [column] = (await answered(server, 'a')).columns
  const { answers = [], best } = column ?? {}
  const able = answers.filter((answer) => !answer.unanswerable)
  expect(answers[best ?? NaN]?.score).toBe(Math.max(...able.map((answer) => answer.score)))
  const found = answers.map(({ start, end }, i) =>
    start === null || end === null ? null : [...(passages[i] ?? '')].slice(start, end).join(''),
  )
  expect(found).toEqual(answers.map(({ text, unanswerable }) => (unanswerable ? null : text)))
  expect(found[1]).not.toBeNull()
})

test('the first answer of each column comes in pieces, column after column', async () => {
  const server = startServer()
  server.send('a')
  const { columns } = await answered(server, 'a')
  const pieces = server.reports.filter((report) => report.type === 'answer-token')
  expect(pieces.map((piece) => piece.column)).toEqual(pieces.map((piece) => piece.column).toSorted())
  for (const [column, { answers }] of columns.entries()) {
    const text = pieces.filter((piece) => piece.column === column).map((piece) => piece.text)
    expect(text.length).toBeGreaterThan(1)
    expect(text.join('').trim()).toBe(answers[0]?.text)
  }
})

test('a request chooses its own decoding, and no other settings', async () => {
  const server = startServer()
  server.send('short', { settings: { maxTargetLength: 2 } })
  server.send('whole')
  server.send('threads', { settings: { threads: 2 } as AnswerRequest['settings'] })
  server.send('beams', { settings: { numBeams: 4, doSample: true } })
  const text = async (id: string) => (await answered(server, id)).columns[1]?.answers[0]?.text ?? ''
  expect((await text('short')).length).toBeLessThan((await text('whole')).length)
  expect(await server.outcome('threads')).toMatchObject({
    error: { code: 'setting_invalid', details: { name: 'threads' } },
  })
  expect(await server.outcome('beams')).toMatchObject({ error: { code: 'setting_invalid' } })
})

test('a task is done with every input, or once from memory, and has no place in a text', async () => {
  const server = startServer()
  server.send('inputs', { form: 'task' })
  server.send('memory', { form: 'task', contexts: [] })
  const inputs = await answered(server, 'inputs')
  expect(inputs.inputCut).toBe(true)
  expect(inputs.questionCut).toBe(false)
  for (const { answers } of inputs.columns) {
    expect(answers.map(({ windows }) => windows)).toEqual([1, 1, 1])
    for (const { start, end, unanswerable } of answers)
      expect([start, end, unanswerable]).toEqual([null, null, false])
  }
  const memory = await answered(server, 'memory')
  expect(memory.columns.map(({ answers, best }) => [answers.length, best])).toEqual([
    [1, 0],
    [1, 0],
  ])
  server.send('question', { contexts: [] })
  expect(await server.outcome('question')).toMatchObject({ error: { code: 'usage' } })
})

test('texts are written for prompts as they are, each as it is alone, with their probabilities', async () => {
  const server = startServer()
  const prompts = ['The one is', 'Which is short?', 'so '.repeat(100)]
  server.write('all', { adapter, prompts })
  for (const [i, prompt] of prompts.entries()) server.write(`alone ${i}`, { adapter, prompts: [prompt] })
  server.write('base', { adapter: null, prompts: prompts.slice(0, 1) })
  const { texts } = await written(server, 'all')
  expect(texts.map(({ promptCut }) => promptCut)).toEqual([false, false, true])
  for (const [i, { text, score }] of texts.entries()) {
    const [alone] = (await written(server, `alone ${i}`)).texts
    expect(alone?.text).toBe(text)
    expect(alone?.score).toBeCloseTo(score, 4)
    expect(score).toBeLessThan(0)
  }
  expect((await written(server, 'base')).texts[0]?.score).not.toBeCloseTo(texts[0]?.score ?? 0, 4)
})

test('texts are bounded, of the settings that the request chooses', async () => {
  const server = startServer()
  server.write('long', { prompts: ['so so'], settings: { maxTargetLength: 8 } })
  server.write('short', { prompts: ['so so'], settings: { maxTargetLength: 2, numBeams: 3 } })
  const length = async (id: string) => (await written(server, id)).texts[0]?.text.length ?? 0
  expect(await length('short')).toBeLessThan(await length('long'))
})

test.each<readonly [string, Partial<WriteRequest>, string]>([
  ['no prompt', { prompts: [] }, 'usage'],
  ['an empty prompt', { prompts: ['so', ' '] }, 'usage'],
  ['an adapter that is not there', { adapter: '/nowhere/at/all' }, 'file_missing'],
  [
    'a setting that is not its own',
    { settings: { threads: 2 } as WriteRequest['settings'] },
    'setting_invalid',
  ],
])('a request to write with %s fails alone', async (_, change, code) => {
  const server = startServer()
  server.write('bad', change)
  server.write('good', {})
  expect(await server.outcome('bad')).toMatchObject({ type: 'request-error', error: { code } })
  expect((await written(server, 'good')).texts).toHaveLength(1)
})

test.each<readonly [string, Partial<AnswerRequest>, string]>([
  ['a model that is not there', { model: '/nowhere/at/all' }, 'file_missing'],
  ['an adapter that is not there', { adapters: ['/nowhere/at/all'] }, 'file_missing'],
  ['an empty question', { question: ' ' }, 'usage'],
  ['no context', { contexts: [] }, 'usage'],
  ['no column', { adapters: [] }, 'usage'],
])('%s is an error of the request alone', async (_, change, code) => {
  const server = startServer()
  server.send('bad', change)
  server.send('good')
  expect(await server.outcome('bad')).toMatchObject({ type: 'request-error', error: { code } })
  expect((await answered(server, 'good')).columns).toHaveLength(2)
})

describe('the queue', () => {
  test('refuses what is more than it holds, and forgets what is taken back', async () => {
    const server = startServer()
    await new Promise((resolve) => setTimeout(resolve, 20))
    const ids = Array.from({ length: queueBound + 3 }, (_, i) => `q${i}`)
    for (const id of ids) server.send(id)
    const errors = () =>
      server.reports.flatMap((report) =>
        report.type === 'request-error' ? [`${report.id} ${report.error.code}`] : [],
      )
    expect(errors()).toEqual(ids.slice(queueBound).map((id) => `${id} busy`))
    for (const id of ids.slice(1, queueBound)) server.cancel(id)
    expect(errors().slice(3)).toEqual(ids.slice(1, queueBound).map((id) => `${id} cancelled`))
    server.send('after')
    await answered(server, 'after')
    expect(await server.stop()).toMatchObject({ kind: 'serve', answered: 2 })
  })

  test('goes on when the answer in the making is cancelled', async () => {
    const server = startServer()
    server.send('long', { contexts: Array.from({ length: 200 }, () => contexts[1] ?? '') })
    server.send('next')
    setTimeout(() => {
      server.cancel('long')
    }, 100)
    expect(await server.outcome('long')).toMatchObject({ error: { code: 'cancelled' } })
    expect((await answered(server, 'next')).columns).toHaveLength(2)
  })

  test('is emptied when the server stops', async () => {
    const server = startServer()
    await new Promise((resolve) => setTimeout(resolve, 20))
    server.send('first', { contexts: Array.from({ length: 200 }, () => contexts[1] ?? '') })
    server.send('second')
    await new Promise((resolve) => setTimeout(resolve, 100))
    expect(await server.stop()).toMatchObject({ answered: 0 })
    for (const id of ['first', 'second'])
      expect(await server.outcome(id)).toMatchObject({ error: { code: 'cancelled' } })
  })
})

test('a model and its adapters stay loaded until their files change', async () => {
  const keeper = modelKeeper(settings)
  onTestFinished(() => keeper.dispose())
  const copy = join(folder, 'copy')
  await cp(model, copy, { recursive: true })
  const first = await keeper.use(model)
  const tuned = await first.adapter(adapter)
  expect(await keeper.use(model)).toBe(first)
  expect(await first.adapter(adapter)).toBe(tuned)
  await utimes(join(adapter, 'adapter_model.safetensors'), new Date(), new Date(Date.now() + 5000))
  expect(await first.adapter(adapter)).not.toBe(tuned)
  expect(await first.adapter(adapter)).toEqual(tuned)

  const second = await keeper.use(copy)
  expect(second).not.toBe(first)
  await writeFile(join(copy, 'config.json'), '{}')
  await expect(keeper.use(copy)).rejects.toMatchObject({ code: 'model_unsupported' })
  expect((await keeper.use(model)).text.model.folder).toBe(model)
})
