import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { answerRequest } from '../../trainer/answer-request.ts'
import { evaluate } from '../../trainer/evaluate.ts'
import { modelKeeper } from '../../trainer/loaded-model.ts'
import { parseSettings } from '../../trainer/protocol.ts'
import type { Settings, TrainCommand } from '../../trainer/protocol.ts'
import { writeRequest } from '../../trainer/write-request.ts'
import { bytePairsFolder, tinyGptNeo, writeRandomGptNeo } from '../support/random-gpt-neo.ts'
import { adapterBytes, interruptedAt, runTiny } from '../support/tiny-run.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

let folder: string
const context = {
  report: () => undefined,
  stop: new AbortController().signal,
  keep: new AbortController().signal,
}

const questions = [
  ['Who was tired?', 'Alice was tired of the bank.', 'Alice', 0],
  ['What closes?', 'The bank closes at noon.', 'The bank', 0],
  ['Where did he live?', 'A hidalgo lived in la Mancha.', 'la Mancha', 19],
  ['Who has a book?', 'Her sister had a book.', 'Her sister', 0],
] as const
const passages = [
  ['Alice', 'Alice was beginning to get very tired of sitting by her sister on the bank.'],
  ['Faust', 'Da steh’ ich nun, ich armer Tor, und bin so klug als wie zuvor!'],
  ['Quijote', 'En un lugar de la Mancha, de cuyo nombre no quiero acordarme, vivía un hidalgo.'],
] as const

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'loracle-causal-'))
  await writeRandomGptNeo(join(folder, 'model'), tinyGptNeo, {
    seed: 3,
    vocabulary: bytePairsFolder,
    spread: 0.25,
  })
  const records = questions.map(([question, context, text, start], i) => ({
    id: `q${i}`,
    question,
    context,
    answers: { text: [text], answer_start: [start] },
  }))
  await writeFile(join(folder, 'questions.json'), JSON.stringify(records))
  const lines = passages.map(([title, text]) => JSON.stringify({ title, text }))
  await writeFile(join(folder, 'passages.jsonl'), `${lines.join('\n')}\n`)
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const commandOf = (
  runDir: string,
  settings: Partial<Settings>,
  more: Partial<TrainCommand>,
): TrainCommand => ({
  kind: 'train',
  model: join(folder, 'model'),
  datasets: [{ name: 'questions', data: join(folder, 'questions.json'), weight: 1 }],
  validation: null,
  tests: [],
  runDir,
  settings: parseSettings({
    method: 'full',
    validationFraction: 0,
    threads: 1,
    batchSize: 4,
    learningRate: 0.01,
    maxTargetLength: 16,
    ...settings,
  }),
  resume: false,
  ...more,
})

test('a small GPT-Neo learns questions: the loss falls to nearly nothing and every answer is right', async () => {
  const data = join(folder, 'questions.json')
  const { result, reports } = await runTiny(
    commandOf(await temporaryFolder(), { epochs: 60 }, { tests: [{ name: 'learnt', data }] }),
  )
  const losses = reports.flatMap((report) => (report.type === 'step' ? [report.loss] : []))
  expect(losses[0]).toBeGreaterThan(4)
  expect(losses.at(-1)).toBeLessThan(0.05)
  expect(result.before?.exactMatch).toBe(0)
  expect(result.after?.exactMatch).toBe(100)
  expect(result.comparisons.map(({ tuned }) => tuned)).toEqual(questions.map(([, , answer]) => answer))
})

test('an adapter learns them too, and is found again on disk', async () => {
  const data = join(folder, 'questions.json')
  const { result } = await runTiny(
    commandOf(
      await temporaryFolder(),
      { method: 'lora', rank: 16, alpha: 32, epochs: 60, learningRate: 0.02 },
      { tests: [{ name: 'learnt', data }] },
    ),
  )
  expect(result.after?.exactMatch).toBe(100)
  const settings = parseSettings({ threads: 1, maxTargetLength: 16, numBeams: 2 })
  const scored = await evaluate(
    { kind: 'evaluate', model: join(folder, 'model'), adapter: result.adapter, data, settings },
    context,
  )
  expect(scored.scores.exactMatch).toBe(100)
  expect(scored.loss).toBeLessThan(0.6)
  expect(scored.perplexity).toBeUndefined()

  const models = modelKeeper(settings)
  const [question, text, answer] = questions[0]
  const request = { model: join(folder, 'model'), settings: { numBeams: 1 } }
  const pieces: string[][] = [[], []]
  const { columns } = await answerRequest(
    models,
    { ...request, adapters: [null, result.adapter], question, contexts: [text] },
    { settings, signal: context.stop, onToken: (column, piece) => pieces[column]?.push(piece) },
  )
  expect(columns.map(({ answers }) => answers[0]?.text)).toEqual(pieces.map((told) => told.join('')))
  expect(columns[1]?.answers[0]).toMatchObject({ text: answer, start: 0, end: answer.length })

  const prompts = [questions[0], questions[2]].map(
    ([asked, about]) => `Question: ${asked}\nContext: ${about}\nAnswer:`,
  )
  const write = async (more: Readonly<Record<string, unknown>>) => {
    const written = await writeRequest(
      models,
      { ...request, adapter: result.adapter, prompts, settings: more },
      { settings, signal: context.stop },
    )
    return written.texts.map((one) => one.text)
  }
  expect(await write({})).toEqual(['Alice', 'la Mancha'])
  expect(await write({ stopStrings: ['Man', 'x'] })).toEqual(['Alice', 'la'])
  await models.dispose()
})

test('plain texts are learnt to the letter, beside questions, and the perplexity is told', async () => {
  const data = join(folder, 'passages.jsonl')
  const { result, reports } = await runTiny(
    commandOf(
      await temporaryFolder(),
      { epochs: 60, passageLength: 24, evaluateEvery: 100 },
      {
        datasets: [
          { name: 'questions', data: join(folder, 'questions.json'), weight: 1 },
          { name: 'passages', data, weight: 1 },
        ],
        validation: data,
      },
    ),
  )
  const validations = reports.filter((report) => report.type === 'validation')
  expect(validations).toHaveLength(2)
  expect(validations.at(-1)?.perplexity).toBeLessThan(1.2)
  expect(validations.at(-1)?.perplexity).toBeCloseTo(Math.exp(validations.at(-1)?.loss ?? NaN), 6)
  const settings = parseSettings({ threads: 1, passageLength: 24 })
  const evaluated = (model: string) =>
    evaluate({ kind: 'evaluate', model, adapter: null, data, settings }, context)
  const base = await evaluated(join(folder, 'model'))
  const tuned = await evaluated(result.adapter)
  expect(base.perplexity).toBeGreaterThan(100)
  expect(tuned).toMatchObject({ scores: { count: 0 }, perplexity: validations.at(-1)?.perplexity })
})

test('a run over questions and texts, with dropout, ends with the same bytes after an interruption', async () => {
  const settings = {
    method: 'lora',
    epochs: 4,
    batchSize: 2,
    dropout: 0.2,
    loraDropout: 0.1,
    saveEvery: 3,
    passageLength: 16,
  } as const
  const datasets = [
    { name: 'questions', data: join(folder, 'questions.json'), weight: 1.5 },
    { name: 'passages', data: join(folder, 'passages.jsonl'), weight: 0.5 },
  ]
  const [whole, cut] = [await temporaryFolder(), await temporaryFolder()]
  const { result } = await runTiny(commandOf(whole, settings, { datasets }))
  expect(result.step).toBeGreaterThan(6)
  await interruptedAt(
    whole,
    join(whole, 'checkpoints', (await readdir(join(whole, 'checkpoints')))[0] ?? ''),
    cut,
  )
  const resumed = await runTiny(commandOf(cut, settings, { datasets, resume: true }))
  expect(resumed.reports.filter(({ type }) => type === 'step').length).toBeLessThan(result.step)
  expect(await adapterBytes(cut)).toEqual(await adapterBytes(whole))
})

test('plain texts cannot be a test', async () => {
  const data = join(folder, 'passages.jsonl')
  const command = commandOf(await temporaryFolder(), {}, { tests: [{ name: 'texts', data }] })
  await expect(runTiny(command)).rejects.toMatchObject({ code: 'data_empty', details: { path: data } })
})
