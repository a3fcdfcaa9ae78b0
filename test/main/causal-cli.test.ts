import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { bytePairsFolder, tinyGptNeo, writeRandomGptNeo } from '../support/random-gpt-neo.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { start } from './spawn-cli.ts'

const cli = (...args: readonly string[]) => start('main/hosts/cli/main.ts', args).finished

test('a GPT-Neo learns a few records and a text by heart, from the command line', async () => {
  const folder = await temporaryFolder()
  const model = join(folder, 'model')
  await writeRandomGptNeo(model, tinyGptNeo, { seed: 3, vocabulary: bytePairsFolder, spread: 0.25 })
  const records = [
    { question: 'Who was tired?', context: 'Alice was tired of the bank.', answers: ['Alice'] },
    { question: 'Where did he live?', context: 'A hidalgo lived in la Mancha.', answers: ['la Mancha'] },
  ]
  const [data, texts] = [join(folder, 'questions.json'), join(folder, 'texts.jsonl')]
  await writeFile(data, JSON.stringify(records))
  await writeFile(texts, `${JSON.stringify({ title: 'Faust', text: 'Da steh’ ich nun, ich armer Tor!' })}\n`)
  const settings = ['learningRate=0.01', 'epochs=60', 'batchSize=4', 'maxTargetLength=12', 'threads=1']
  const trained = await cli(
    ...['train', '--json', '--model', model, '--data', data, '--data', texts, '--validation', texts],
    ...['--test', data, '--out', join(folder, 'runs'), '--set', 'method=full', ...settings],
    ...['evaluateEvery=60'],
  )
  expect(trained.stderr).toBe('')
  const events = trained.stdout.trimEnd().split('\n')
  const parsed = events.map((line) => JSON.parse(line) as { type: string } & Record<string, unknown>)
  const losses = parsed.flatMap(({ type, loss }) => (type === 'step' ? [Number(loss)] : []))
  expect(losses).toHaveLength(60)
  expect(losses.at(-1)).toBeLessThan((losses[0] ?? 0) / 20)
  const validation = parsed.find(({ type }) => type === 'validation')
  expect(validation?.['perplexity']).toBeLessThan(1.2)
  const summary = parsed.at(-1)
  expect(summary).toMatchObject({ type: 'summary', before: { exactMatch: 0 }, after: { exactMatch: 100 } })

  const tuned = join(String(summary?.['runDir']), 'model')
  const [record] = records
  const asked = await cli(
    ...['ask', '--model', tuned, '--question', record?.question ?? '', '--context', record?.context ?? ''],
    ...['--set', 'maxTargetLength=12', 'threads=1'],
  )
  expect(asked.stdout.trim()).toBe('Alice')
  const stopped = await cli(
    ...['ask', '--model', tuned, '--question', record?.question ?? '', '--context', record?.context ?? ''],
    ...['--set', 'maxTargetLength=12', 'threads=1', 'stopStrings=ic'],
  )
  expect(stopped.stdout.trim()).toBe('Al')
  const evaluated = await cli('evaluate', '--model', tuned, '--data', texts, '--set', 'threads=1')
  expect(evaluated.stdout).toMatch(/perplexity of the texts\s+1\.\d+/)
})
