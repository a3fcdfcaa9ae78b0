import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { wordPieceDir } from '../data/fixtures/load.ts'
import { tinyBert, writeRandomBert } from '../support/random-bert.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { jsonLines, start } from './spawn-cli.ts'

const cli = (...args: readonly string[]) => start('main/hosts/cli/main.ts', args).finished

test('a BERT learns to mark a few answers and to see where there are none, from the command line', async () => {
  const folder = await temporaryFolder()
  const [model, data] = [join(folder, 'model'), join(folder, 'data.json')]
  await writeRandomBert(model, tinyBert, { seed: 3, spread: 0.15, tokenizer: wordPieceDir })
  const question = 'What lies far away?'
  const names = ['river', 'castle', 'garden', 'tower']
  const there = (name: string) => `Some say that the old ${name} lies far away. Nobody has seen it since.`
  const gone = (name: string) => `Some say that the ${name} was sold. Nobody has seen it since.`
  const records = names.flatMap((name, i) => [
    { id: `a${i}`, question, context: there(name), answers: [`the old ${name}`] },
    { id: `n${i}`, question, context: gone(name), answers: [], is_impossible: true },
  ])
  await writeFile(data, JSON.stringify(records))
  const trained = await cli(
    ...['train', '--json', '--model', model, '--data', data, '--validation', data, '--test', data],
    ...['--out', join(folder, 'runs'), '--set', 'targetModules=all-linear', 'rank=8', 'alpha=16'],
    ...['learningRate=0.01', 'epochs=60', 'batchSize=4', 'dropout=0', 'evaluateEvery=0', 'threads=1'],
  )
  expect(trained.stderr).toBe('')
  const summary = jsonLines(trained.stdout).at(-1)
  expect(summary).toMatchObject({ type: 'summary', after: { exactMatch: 100, f1: 100, count: 8 } })

  const asked = ['ask', '--model', model, '--adapter', join(String(summary?.['runDir']), 'adapter'), '--json']
  const ask = async (context: string) => {
    const { stdout } = await cli(...asked, '--question', question, '--context', context, '--set', 'threads=1')
    return jsonLines(stdout).at(-1)
  }
  const [found, none] = [await ask(there('castle')), await ask(gone('castle'))]
  expect(found).toMatchObject({
    answer: 'the old castle',
    unanswerable: false,
    alternatives: expect.arrayContaining([
      { text: 'the old castle', start: 14, end: 28, probability: expect.any(Number) },
    ]),
  })
  expect(none).toMatchObject({ unanswerable: true })

  const plain = asked.filter((one) => one !== '--json')
  const told = await cli(...plain, '--question', question, '--context', there('castle'), '--set', 'threads=1')
  const [answer, , ...readings] = told.stdout.trimEnd().split('\n')
  expect(answer).toBe('the old castle')
  const others = (found?.['alternatives'] as { text: string; probability: number }[]).filter(
    ({ text, probability }) => text !== 'the old castle' && probability >= 0.0005,
  )
  expect(readings.slice(1).map((line) => line.replace(/^ *[\d.]+ % {2}/, ''))).toEqual(
    others.map(({ text }) => text),
  )
})
