import { cp, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { answerQuestions, openAnswering } from '../../trainer/answer.ts'
import { answerRequest } from '../../trainer/answer-request.ts'
import { ask } from '../../trainer/ask.ts'
import { readDataset } from '../../trainer/data/read-dataset.ts'
import { evaluate, predict } from '../../trainer/evaluate.ts'
import { modelKeeper } from '../../trainer/loaded-model.ts'
import { loadAdapter } from '../../trainer/lora/peft-adapter.ts'
import { merge } from '../../trainer/merge.ts'
import { openTextModel } from '../../trainer/open-model.ts'
import { parseSettings } from '../../trainer/protocol.ts'
import type { Report, TrainCommand, TrainResult } from '../../trainer/protocol.ts'
import { writeRequest } from '../../trainer/write-request.ts'
import { wordPieceDir } from '../data/fixtures/load.ts'
import { tinyBert, writeRandomBert } from '../support/random-bert.ts'
import { interruptedAt, runTiny } from '../support/tiny-run.ts'

const settings = parseSettings({
  epochs: 60,
  batchSize: 4,
  learningRate: 0.01,
  rank: 8,
  alpha: 16,
  targetModules: 'all-linear',
  dropout: 0,
  evaluateEvery: 0,
  maxTargetLength: 16,
  threads: 1,
})
const names = ['river', 'castle', 'garden', 'tower']
const question = 'What lies far away?'
const answerable = names.map((name, i) => {
  const context = `Some say that the old ${name} lies far away. Nobody has seen it since the war ended there.`
  const text = `the old ${name}`
  return {
    id: `q${i}`,
    context,
    question,
    answers: { text: [text], answer_start: [context.indexOf(text)] },
    is_impossible: false,
  }
})
const unanswerable = names.map((name, i) => ({
  id: `n${i}`,
  context: `Some say that the ${name} was sold. Nobody has seen it since the war ended there.`,
  question,
  answers: { text: [], answer_start: [] },
  is_impossible: true,
}))

const context = {
  report: () => undefined,
  stop: new AbortController().signal,
  keep: new AbortController().signal,
}
const signal = context.stop

let folder: string
let model: string
let data: string
let trained: TrainResult
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'loracle-bert-'))
  model = join(folder, 'model')
  data = join(folder, 'train.json')
  await writeRandomBert(model, tinyBert, { seed: 3, spread: 0.15, tokenizer: wordPieceDir })
  await writeFile(data, JSON.stringify([...answerable, ...unanswerable]))
  trained = (await runTiny(trainCommand('run'))).result
}, 60_000)
afterAll(() => rm(folder, { recursive: true, force: true }))

function trainCommand(name: string, change: Partial<TrainCommand> = {}): TrainCommand {
  return {
    kind: 'train',
    model,
    datasets: [{ name: 'data', data, weight: 1 }],
    validation: data,
    tests: [{ name: 'seen', data }],
    runDir: join(folder, name),
    settings,
    resume: false,
    ...change,
  }
}

test('a tiny BERT learns where the answers to a few questions stand, and when there are none', () => {
  expect(trained.before?.exactMatch).toBeLessThan(20)
  expect(trained.after).toMatchObject({ exactMatch: 100, f1: 100, count: 8 })
  expect(trained.comparisons.filter(({ tunedUnanswerable }) => tunedUnanswerable)).toHaveLength(4)
})

test('the adapter keeps the span head and the threshold', async () => {
  expect((await readdir(trained.adapter)).sort()).toEqual([
    'adapter_config.json',
    'adapter_model.safetensors',
    'loracle.json',
  ])
  const config: unknown = JSON.parse(await readFile(join(trained.adapter, 'adapter_config.json'), 'utf8'))
  expect(config).toMatchObject({ task_type: null, modules_to_save: ['qa_outputs'] })
  const { architecture } = (await openTextModel(model, null, settings)).model
  const adapter = await loadAdapter(trained.adapter, architecture)
  expect([...adapter.savedModules].sort()).toEqual(['qa_outputs.bias', 'qa_outputs.weight'])
  expect(adapter.answerRule?.noAnswerThreshold).toEqual(expect.any(Number))
})

test('without unanswerable questions the model always answers', async () => {
  const only = join(folder, 'answerable.json')
  await writeFile(only, JSON.stringify(answerable))
  const command = trainCommand('always', {
    datasets: [{ name: 'data', data: only, weight: 1 }],
    validation: only,
    tests: [],
    settings: { ...settings, epochs: 1 },
  })
  const { result } = await runTiny(command)
  expect(JSON.parse(await readFile(join(result.adapter, 'loracle.json'), 'utf8'))).toEqual({
    noAnswerThreshold: null,
  })
  const asked = { kind: 'ask', model, adapter: result.adapter, question, settings } as const
  const answer = await ask({ ...asked, context: unanswerable[0]?.context ?? '' }, context)
  expect(answer.unanswerable).toBe(false)
  // A text without a single token has no answer all the same.
  expect(await ask({ ...asked, context: '\u00ad\u200b' }, context)).toMatchObject({
    answer: 'unanswerable',
    unanswerable: true,
    alternatives: [],
  })
})

test('base and tuned answers come from one loaded model, with heads that are swapped', async () => {
  const text = await openTextModel(model, trained.adapter, settings)
  const both = await openAnswering(text, [null, text.adapter], settings)
  const alone = await openAnswering(text, [null], settings)
  const asked = answerable.slice(0, 3)
  const options = { settings, signal }
  const tuned = await answerQuestions(both, text, asked, { ...options, adapter: text.adapter })
  const base = await answerQuestions(both, text, asked, { ...options, adapter: null })
  const again = await answerQuestions(both, text, asked, { ...options, adapter: text.adapter })
  const bare = await answerQuestions(alone, text, asked, { ...options, adapter: null })
  await both.dispose()
  await alone.dispose()
  expect(tuned.map((answer) => answer.text)).toEqual(names.slice(0, 3).map((name) => `the old ${name}`))
  expect(again).toEqual(tuned)
  expect(base.map((answer) => answer.text)).toEqual(bare.map((answer) => answer.text))
  expect(base.map((answer) => answer.text)).not.toEqual(tuned.map((answer) => answer.text))
})

test('evaluate scores, predict also writes how likely there is no answer', async () => {
  const command = { model, adapter: trained.adapter, data, settings }
  const scored = await evaluate({ kind: 'evaluate', ...command }, context)
  expect(scored.squad).toMatchObject({ exact: 100, HasAns_f1: 100, NoAns_f1: 100, total: 8 })
  expect(scored.loss).toBeLessThan(0.5)
  const out = join(folder, 'predictions.json')
  const result = await predict({ kind: 'predict', ...command, out }, context)
  const read = async (path: string) => JSON.parse(await readFile(path, 'utf8')) as Record<string, unknown>
  expect(await read(out)).toMatchObject({ q0: 'the old river', n0: '' })
  expect(result.noAnswerOut).toBe(join(folder, 'predictions.na-prob.json'))
  const doubts = await read(result.noAnswerOut ?? '')
  expect(Object.keys(doubts)).toHaveLength(8)
  expect(Number(doubts['n0'])).toBeGreaterThan(Number(doubts['q0']))
})

test('a model without its head answers with an adapter that brings one, and by itself says what is missing', async () => {
  const command = { model, adapter: null, data, settings }
  const missing = { code: 'weights_missing', message: expect.stringContaining('qa_outputs.weight') as string }
  await expect(evaluate({ kind: 'evaluate', ...command }, context)).rejects.toMatchObject(missing)
  const out = join(folder, 'nothing.json')
  await expect(predict({ kind: 'predict', ...command, out }, context)).rejects.toMatchObject(missing)
  const text = answerable[0]?.context ?? ''
  const asked = { kind: 'ask', model, adapter: null, question, context: text, settings } as const
  await expect(ask(asked, context)).rejects.toMatchObject(missing)

  const models = modelKeeper(settings)
  const answer = (adapters: readonly (string | null)[]) =>
    answerRequest(
      models,
      { model, adapters, question, contexts: [text], settings: {} },
      { settings, signal, onToken: () => undefined },
    )
  await expect(answer([null])).rejects.toMatchObject(missing)
  const { columns } = await answer([null, trained.adapter])
  await models.dispose()
  expect(columns.map(({ answers }) => answers[0])).toMatchObject([
    { unanswerable: true, start: null },
    { unanswerable: false, text: 'the old river' },
  ])
})

test('a threshold that changes beside a served adapter is read again', async () => {
  const changing = join(folder, 'changing')
  await cp(trained.adapter, changing, { recursive: true })
  const models = modelKeeper(settings)
  const loaded = await models.use(model)
  expect((await loaded.adapter(changing))?.answerRule?.noAnswerThreshold).toEqual(expect.any(Number))
  await writeFile(join(changing, 'loracle.json'), '{"noAnswerThreshold":null}')
  expect((await loaded.adapter(changing))?.answerRule).toEqual({ noAnswerThreshold: null })
  await models.dispose()
})

test('a served answer has its place and what else it might have been', async () => {
  const models = modelKeeper(settings)
  // Characters that the tokenizer drops, two of them beyond the Basic Multilingual Plane.
  const told: string[] = []
  const contexts = [
    unanswerable[1]?.context ?? '',
    `\u{e0041}\u00ad\u{e0042} ${answerable[1]?.context ?? ''}`,
  ]
  const { columns } = await answerRequest(
    models,
    { model, adapters: [trained.adapter], question, contexts, settings: {} },
    { settings, signal, onToken: (_, text) => told.push(text) },
  )
  await models.dispose()
  const [column] = columns
  const [none, found] = column?.answers ?? []
  expect(column?.best).toBe(1)
  expect(none).toMatchObject({ unanswerable: true, start: null, end: null })
  expect(none?.alternatives?.length).toBe(5)
  expect(found).toMatchObject({ text: 'the old castle', unanswerable: false })
  expect([...(contexts[1] ?? '')].slice(found?.start ?? 0, found?.end ?? 0).join('')).toBe('the old castle')
  expect(found?.alternatives?.[0]).toMatchObject({ text: 'the old castle', start: found?.start })
  expect(Math.exp(found?.score ?? 0)).toBeCloseTo(found?.alternatives?.[0]?.probability ?? 0, 10)
  expect(told).toEqual(['unanswerable'])
})

test('a merged model keeps the rule and answers alike', async () => {
  const out = join(folder, 'merged')
  await merge({ kind: 'merge', model, adapter: trained.adapter, out }, context)
  const asked = { kind: 'ask', question, context: answerable[2]?.context ?? '', settings } as const
  const merged = await ask({ ...asked, model: out, adapter: null }, context)
  const adapted = await ask({ ...asked, model, adapter: trained.adapter }, context)
  expect(merged).toMatchObject({ answer: 'the old garden', unanswerable: false })
  expect(merged.score).toBeCloseTo(adapted.score, 3)
  expect(await readFile(join(out, 'loracle.json'))).toEqual(
    await readFile(join(trained.adapter, 'loracle.json')),
  )
})

test('full fine-tuning keeps the rule in the model', async () => {
  const command = trainCommand('full', {
    settings: { ...settings, method: 'full', learningRate: 0.003, epochs: 30 },
  })
  const { result } = await runTiny(command)
  expect(result.after).toMatchObject({ exactMatch: 100 })
  const text = await openTextModel(result.adapter, null, settings)
  expect(text.answerRule?.noAnswerThreshold).toEqual(expect.any(Number))
})

test('an interrupted run ends with the same adapter', async () => {
  const command = (name: string, resume = false) =>
    trainCommand(name, {
      tests: [],
      resume,
      settings: { ...settings, epochs: 4, dropout: 0.1, loraDropout: 0.1, saveEvery: 3 },
    })
  const { result } = await runTiny(command('whole'))
  const copy = join(folder, 'interrupted')
  const [checkpoint = ''] = (await readdir(join(folder, 'whole/checkpoints'))).sort()
  await interruptedAt(join(folder, 'whole'), join(folder, 'whole/checkpoints', checkpoint), copy)
  const resumed = await runTiny(command('interrupted', true))
  expect(resumed.reports.filter(({ type }) => type === 'step').length).toBeLessThan(result.steps)
  for (const file of ['adapter_model.safetensors', 'loracle.json'])
    expect(await readFile(join(copy, 'adapter', file))).toEqual(
      await readFile(join(folder, 'whole/adapter', file)),
    )
})

describe('what it cannot do is said', () => {
  const cannot = { code: 'usage', message: expect.stringMatching(/marks answers in a text.*T5 or GPT-Neo/) }

  test('tasks and texts', async () => {
    const models = modelKeeper(settings)
    const base = { settings, signal }
    await expect(
      answerRequest(
        models,
        {
          model,
          adapters: [trained.adapter],
          form: 'task',
          question: 'Shorten.',
          contexts: ['A text.'],
          settings: {},
        },
        { ...base, onToken: () => undefined },
      ),
    ).rejects.toMatchObject(cannot)
    await expect(
      writeRequest(models, { model, adapter: null, prompts: ['Once'], settings: {} }, base),
    ).rejects.toMatchObject(cannot)
    await models.dispose()
  })

  test('training on tasks', async () => {
    const tasks = join(folder, 'tasks.jsonl')
    await writeFile(tasks, '{"input": "A long text.", "instruction": "Shorten.", "target": "A text."}\n')
    const training = runTiny(trainCommand('tasks', { datasets: [{ name: 'tasks', data: tasks, weight: 1 }] }))
    await expect(training).rejects.toMatchObject(cannot)
  })

  test('a tokenizer without marks', async () => {
    const folderOfT5 = join(folder, 'wrong-tokenizer')
    await cp(model, folderOfT5, { recursive: true })
    await cp(
      join(wordPieceDir, '../../data/fixtures/tokenizer/tokenizer.json'),
      join(folderOfT5, 'tokenizer.json'),
    )
    const asked = {
      kind: 'ask',
      model: folderOfT5,
      adapter: trained.adapter,
      question,
      context: 'So.',
      settings,
    } as const
    await expect(ask(asked, context)).rejects.toMatchObject({ code: 'tokenizer_invalid' })
  })
})

describe.each(['en', 'de', 'es'])('on XQuAD, %s', (language) => {
  test('every span is the text at its place, over many windows', async () => {
    const path = join(import.meta.dirname, `../samples/import/xquad-${language}/input.json`)
    const { examples } = await readDataset(path)
    const text = await openTextModel(model, trained.adapter, { ...settings, maxSourceLength: 96 })
    const session = await openAnswering(text, [text.adapter], settings)
    const reports: Report[] = []
    const answers = await answerQuestions(session, text, examples.slice(0, 20), {
      settings,
      adapter: text.adapter,
      signal,
      onProgress: (done, total) => reports.push({ type: 'progress', phase: 'validating', done, total }),
    })
    await session.dispose()
    expect(reports.at(-1)).toMatchObject({ done: 20, total: 20 })
    for (const [i, { windows, marked, text: answer, unanswerable: none }] of answers.entries()) {
      const characters = [...(examples[i]?.context ?? '')]
      expect(windows).toBeGreaterThan(4)
      expect(marked?.alternatives.length).toBeGreaterThanOrEqual(19)
      for (const { text: span, start, end } of marked?.alternatives ?? [])
        expect(characters.slice(start, end).join('')).toBe(span)
      if (!none) expect(answer).toBe(marked?.alternatives[0]?.text)
      const sum = (marked?.alternatives ?? []).reduce((total, { probability }) => total + probability, 0)
      expect(sum).toBeLessThanOrEqual(1 + 1e-9)
    }
  })
})
