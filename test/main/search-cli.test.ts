import { join } from 'node:path'
import { expect, test } from 'vitest'
import { createEngine, createProviders } from '../../main/app.ts'
import { readArguments } from '../../main/hosts/cli/arguments.ts'
import type { Session } from '../../main/hosts/cli/command.ts'
import { failureValue } from '../../main/hosts/cli/failure.ts'
import { createOutput } from '../../main/hosts/cli/output.ts'
import { readDimension } from '../../main/hosts/cli/search-arguments.ts'
import { search } from '../../main/hosts/cli/searching.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { tinySettings, writeTinyRun } from '../support/tiny-run.ts'
import { jsonLines, start } from './spawn-cli.ts'

async function prepare() {
  const folder = await temporaryFolder()
  const env = { LORACLE_HOME: join(folder, 'home') }
  const loracle = (...args: string[]) => start('main/hosts/cli/main.ts', args, folder, env)
  return { folder, loracle }
}

test.each([
  ['rank=4,8,16', { name: 'rank', values: [4, 8, 16] }],
  ['schedule=linear, cosine', { name: 'schedule', values: ['linear', 'cosine'] }],
  ['targetModules=["all-linear",["q","v"]]', { name: 'targetModules', values: ['all-linear', ['q', 'v']] }],
  ['dropout=null,0.1', { name: 'dropout', values: [null, 0.1] }],
  ['learningRate=1e-4..1e-2', { name: 'learningRate', from: 1e-4, to: 1e-2, scale: 'log' }],
  ['warmupRatio=0..0.2', { name: 'warmupRatio', from: 0, to: 0.2, scale: 'linear' }],
  [
    'learningRate=0.001..0.01:linear:5',
    { name: 'learningRate', from: 0.001, to: 0.01, scale: 'linear', points: 5 },
  ],
])('--over %s is read', (text, dimension) => {
  expect(readDimension(text)).toEqual(dimension)
})

const startTrainer = () => {
  throw new Error('A trainer was started.')
}

/** A session of which a mistaken command line comes nowhere near the store. */
const session: Session = {
  engine: createEngine({
    startTrainer,
    providers: createProviders({ startTrainer, file: 'providers.json' }),
  }),
  output: createOutput(true),
  root: '.',
  version: '0',
  openAnswering: startTrainer,
  openApp: () => Promise.reject(new Error('The store was opened.')),
}

test.each([
  [[], 'search needs start, list'],
  [['strat', '--project', 'x'], 'Did you mean search start?'],
  [['stop', '--project', 'x'], 'Ctrl-C'],
  [['list'], 'needs --project NAME'],
  [['list', '--project', 'x', '--trials', '3'], 'takes no --trials'],
  [['start', 'one', '--project', 'x'], 'takes no "one"'],
  [['discard', '--project', 'x'], 'needs the name'],
])('loracle search %j is refused before anything is opened', async (argv, hint) => {
  const run = async () => search.run(readArguments('search', argv, search.options, search.words), session)
  const failure = await run().catch((thrown: unknown) => failureValue(thrown))
  expect(failure).toMatchObject({ code: 'usage', message: expect.stringContaining(hint) as string })
})

test('a search is stopped with Ctrl-C, goes on, is shown as a table and its best trial is trained', async () => {
  const { folder, loracle } = await prepare()
  await writeTinyRun(folder)
  await loracle('project', 'create', 'Notes').finished
  // Without validation examples a tenth of those to train on serves.
  expect((await loracle('import', 'train.json', '--as', 'train', '--project', 'notes').finished).code).toBe(0)
  const settings = { ...tinySettings, epochs: 40, evaluateEvery: 100 }
  const begin = (...more: string[]) =>
    loracle('search', 'start', '--project', 'Notes', '--model', 'model', '--over', 'rank=2,4', ...more)
  const set = Object.entries(settings).map(([name, value]) => `--set=${name}=${value}`)

  const started = begin('--trials', '2', '--trial-epochs', '40', ...set)
  await started.sees('trial 1/2')
  started.child.kill('SIGINT')
  const stopped = await started.finished
  expect(stopped.code).toBe(130)
  expect(stopped.stderr).toContain('Stopping; the trial at work is saved first.')
  expect(stopped.stdout).toMatch(/trial +rank +alpha +status +validation loss +step +time\n/)
  expect(stopped.stdout).toMatch(/waiting/)
  expect(stopped.stdout).toContain('loracle search resume --project Notes')

  const resumed = await loracle('search', 'resume', '--project', 'Notes').finished
  expect(resumed.code).toBe(0)
  expect(resumed.stdout).toContain('npx loracle search choose --project Notes')
  const [, rank, alpha] = /^\* +\d +(\d+) +(\d+) +finished/m.exec(resumed.stdout) ?? []
  expect(['2 4', '4 8']).toContain(`${rank ?? ''} ${alpha ?? ''}`)

  const chosen = await loracle('search', 'choose', '1', '--project', 'Notes', '--json').finished
  expect(chosen.code).toBe(0)
  const run = jsonLines(chosen.stdout).find(({ type }) => type === 'run')
  expect(run).toMatchObject({ settings: { rank: Number(rank), alpha: Number(alpha), epochs: 40 } })
})
