import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { isAlive, jsonLines, start } from './spawn-cli.ts'

let folder = ''

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'loracle-train-'))
  await writeFile(join(folder, 'data.json'), '{}')
})

afterEach(() => rm(folder, { recursive: true, force: true }))

const withWorker = (worker: string, ...args: string[]) =>
  start('test/main/workers/cli.ts', [worker, ...args], folder)
const train = (worker: string, ...args: string[]) =>
  withWorker(worker, 'train', '--model', '.', '--data', 'data.json', ...args)

async function runDirOf(): Promise<string> {
  const runs = await readdir(join(folder, 'runs'))
  expect(runs).toHaveLength(1)
  expect(runs[0]).toMatch(/^\d{4}-\d{2}-\d{2}-\d{6}-data$/)
  return join(folder, 'runs', runs[0] ?? '')
}

test('a finished run shows what was read, the scores, the questions and what to do next', async () => {
  const { code, stdout, stderr } = await train(
    'training.ts',
    '--test',
    'data.json',
    '--set',
    'maxSteps=3',
    'stride=32',
  ).finished
  const runDir = await runDirOf()
  expect(code).toBe(0)
  expect(stderr).toContain('train: 12 records, 8 examples, 4 dropped, 1 mended')
  expect(stderr).toContain('    [2]: has no answer (dropped)\n')
  expect(stderr).toContain(`… and 2 more (see ${runDir}/problems.jsonl)`)
  expect(stderr).toMatch(
    /^training {2}epoch 1\/1 {2}step 1\/400 {2}loss 1\.234 {2}4,560 tok\/s {2}1:12 left {2}\d+ MB$/m,
  )
  expect(stdout).toMatch(/^all +2 {2}EM +15\.0 +55\.5 +\+40\.5$/m)
  expect(stdout).toMatch(/^ +F1 +20\.0 +60\.5 +\+40\.5$/m)
  expect(stdout).toContain('1 fixed, 0 broken, 0 both right, 1 both wrong')
  expect(stdout).toContain('    gold   (unanswerable)')
  expect(stdout).toContain(`run folder  ${runDir}\n`)
  expect(stdout).toContain(
    `npx loracle ask --model ${folder} --adapter ${runDir}/adapter --set stride=32 --question 'Who?'`,
  )
  expect(stdout + stderr).not.toContain('\u001b')
})

test('--json prints every report as a line and the summary last', async () => {
  const { code, stdout, stderr } = await train(
    'training.ts',
    '--test',
    'data.json',
    '--set',
    'maxSteps=3',
    '--json',
  ).finished
  const lines = jsonLines(stdout)
  expect([code, stderr]).toEqual([0, ''])
  expect(lines.map((line) => line['type'])).toEqual(
    expect.arrayContaining(['run', 'phase', 'data', 'step', 'checkpoint', 'result']),
  )
  const summary = lines.at(-1)
  expect(summary).toEqual({
    type: 'summary',
    before: { exactMatch: 15, f1: 20, rougeL: 25, count: 2 },
    after: { exactMatch: 55.5, f1: 60.5, rougeL: 65.5, count: 2 },
    steps: 3,
    seconds: 61,
    tokensPerSecond: 4560,
    peakRssMb: expect.any(Number) as number,
    runDir: await runDirOf(),
  })
  expect(summary?.['peakRssMb']).toBeGreaterThan(520)
})

test('without a test set the summary claims no scores', async () => {
  const { stdout } = await train('training.ts', '--set', 'maxSteps=2', '--json').finished
  expect(jsonLines(stdout).at(-1)).toMatchObject({ type: 'summary', before: null, after: null })
})

test('the run folder keeps the settings, and --resume reads them back', async () => {
  await train('training.ts', '--set', 'maxSteps=2', 'rank=4').finished
  const runDir = await runDirOf()
  const kept = JSON.parse(await readFile(join(runDir, 'settings.json'), 'utf8')) as Record<string, unknown>
  const datasets = [{ name: 'data', data: join(folder, 'data.json'), weight: 1 }]
  expect(kept).toMatchObject({ model: folder, datasets, validation: null, tests: [] })
  expect(kept['settings']).toMatchObject({ maxSteps: 2, rank: 4, seed: 42 })

  const { code, stdout } = await withWorker('training.ts', 'train', '--resume', runDir, '--json').finished
  expect(code).toBe(0)
  expect(jsonLines(stdout)[0]).toMatchObject({ type: 'run', runDir, resumed: true, settings: { rank: 4 } })
  expect(await runDirOf()).toBe(runDir)
})

test.each(['SIGINT', 'SIGTERM'] as const)('%s once saves and says how to go on', async (signal) => {
  const { child, finished, sees } = train('training.ts')
  await sees('step 1/400')
  child.kill(signal)
  const { code, stdout } = await finished
  expect(code).toBe(130)
  expect(stdout).toContain(`npx loracle train --resume ${await runDirOf()}\n`)
})

test('Ctrl-C twice kills a trainer that does not listen', async () => {
  const { child, finished, sees } = withWorker(
    'deaf.ts',
    'ask',
    '--model',
    '.',
    '--question',
    'Q?',
    '--context',
    'C',
  )
  await sees('pid ')
  child.kill('SIGINT')
  await sees('Stopping')
  child.kill('SIGINT')
  const { code, stdout, stderr } = await finished
  expect(code).toBe(130)
  expect(stderr).toContain('error [cancelled]: Stopped.')
  expect(isAlive(Number(/pid (\d+)/.exec(stdout)?.[1]))).toBe(false)
})

test('a crash is told with the way to go on, and with --json as one last line', async () => {
  const { code, stdout, stderr } = await train('crashing.ts', '--json').finished
  const last = jsonLines(stdout).at(-1)
  expect([code, stderr]).toEqual([1, ''])
  expect(last).toMatchObject({
    type: 'error',
    error: {
      code: 'trainer_crashed',
      message: expect.stringContaining('go on with loracle train --resume') as string,
      details: { exitCode: 7, signal: null, stderr: 'first words\nlast words' },
    },
  })
})

test('a crash before anything was made leaves no run folder', async () => {
  const { code, stderr } = await train('absent.ts').finished
  expect(code).toBe(1)
  expect(stderr).toContain('error [trainer_crashed]')
  expect(stderr).toContain('No checkpoint had been saved yet')
  expect(await readdir(join(folder, 'runs'))).toEqual([])
})

test('a reader that goes away ends the run quietly', async () => {
  const { child, finished, sees } = train('training.ts', '--json')
  await sees('"type":"step"')
  child.stdout?.destroy()
  const { code, stderr } = await finished
  expect([code, stderr]).toEqual([141, ''])
})

test('quickstart trains the starter on the sample and writes the passage of the question to ask again', async () => {
  const { code, stdout, stderr } = await withWorker('sample.ts', 'quickstart', '--out', 'here').finished
  expect([code, stderr]).toEqual([0, expect.stringContaining('run folder')])
  const [run = ''] = await readdir(join(folder, 'here'))
  expect(run).toMatch(/-quickstart$/)
  const passage = join(folder, 'here', run, 'passage.txt')
  expect(stdout).toContain(`--context-file ${passage}\n`)
  expect(await readFile(passage, 'utf8')).toMatch(/^Verifiers SHALL require .*\n$/)
})
