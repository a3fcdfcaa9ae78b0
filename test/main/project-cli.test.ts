import { execFileSync } from 'node:child_process'
import { readFile, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { tinySettings, writeTinyRun } from '../support/tiny-run.ts'
import { isAlive, jsonLines, start } from './spawn-cli.ts'

const posix = test.skipIf(process.platform === 'win32')

async function prepare() {
  const folder = await temporaryFolder()
  const home = join(folder, 'home')
  const loracle = (...args: string[]) => start('main/hosts/cli/main.ts', args, folder, { LORACLE_HOME: home })
  const json = async (...args: string[]) => jsonLines((await loracle(...args, '--json').finished).stdout)
  return { folder, home, loracle, json }
}

/** A project with the tiny data; `train` is the command line that trains it with the tiny model. */
async function prepareProject() {
  const { folder, ...rest } = await prepare()
  await writeTinyRun(folder)
  await rest.loracle('project', 'create', 'Notes').finished
  for (const [file, use] of [
    ['train.json', 'train'],
    ['validation.json', 'test'],
  ] as const)
    expect((await rest.loracle('import', file, '--as', use, '--project', 'notes').finished).code).toBe(0)
  const settings = Object.entries(tinySettings).map(([name, value]) => `--set=${name}=${value}`)
  const train = (...more: string[]) =>
    rest.loracle('train', '--project', 'Notes', '--model', 'model', ...settings, ...more)
  return { folder, train, ...rest }
}

const childrenOf = (pid: number | undefined): number[] =>
  execFileSync('pgrep', ['-P', String(pid)], { encoding: 'utf8' })
    .trim()
    .split('\n')
    .map(Number)

test('projects are made, listed, named wrongly and deleted', async () => {
  const { loracle, json, home, folder } = await prepare()
  expect((await loracle('project', 'list').finished).stdout).toContain('no project yet')
  expect((await loracle('project', 'create', 'My notes').finished).code).toBe(0)
  const taken = await loracle('project', 'create', 'MY NOTES').finished
  expect([taken.code, taken.stderr]).toEqual([1, expect.stringMatching(/^error \[name_taken\]: .*\n$/)])
  expect(await json('project', 'list')).toMatchObject([{ type: 'project', name: 'My notes', runs: 0 }])
  expect(await readdir(home)).toContain('store.sqlite')
  const elsewhere = await loracle('project', 'list', '--home', join(folder, 'other')).finished
  expect(elsewhere.stdout).toContain('no project yet')
  const wrong = await loracle('project', 'delete', 'My nots').finished
  expect([wrong.code, wrong.stdout]).toEqual([1, ''])
  expect(wrong.stderr).toMatch(/^error \[project_missing\]: .*Did you mean My notes\?.*\n$/)
  expect(await json('project', 'delete', 'my notes')).toMatchObject([{ type: 'deleted', name: 'My notes' }])
  expect(await json('project', 'list')).toEqual([])
})

test.each([
  [['project'], 'usage', 'needs list, create or delete'],
  [['project', 'lst'], 'usage', 'Did you mean project list?'],
  [['project', 'create'], 'usage', 'needs a name'],
  [['project', 'list', 'x'], 'usage', 'takes no name'],
  [['project', 'create', 'x', '--force'], 'usage', 'for project delete'],
  [['project', 'list', '--home', 'file'], 'file_invalid', 'file'],
  [['import', '--project', 'x'], 'usage', 'needs a file'],
  [['import', 'file'], 'usage', 'needs --project NAME'],
  [['import', 'file', '--project', 'x', '--as', 'tst'], 'usage', 'auto, train, validation or test'],
  [['import', 'file', '--project', 'x', '--map', 'quetion=a'], 'usage', 'Did you mean question?'],
  [['import', 'file', '--project', 'x', '--map', 'question'], 'usage', 'role=SOURCE'],
  [['train', '--project', 'x', '--data', 'file'], 'usage', 'leave --data out'],
  [['train', '--project', 'x'], 'project_missing', 'loracle project create x'],
  [['evaluate', '--project', 'x'], 'project_missing', 'There is none yet'],
  [['evaluate', '--home', 'h', '--model', '.', '--data', 'file'], 'usage', 'together with --project'],
  [['ask', '--project', 'x', '--model', '.', '--question', 'Q?'], 'usage', 'leave --model out'],
])('loracle %j is %s', async (args, code, hint) => {
  const { loracle, folder } = await prepare()
  await writeFile(join(folder, 'file'), 'x')
  const { code: exit, stdout, stderr } = await loracle(...args).finished
  expect([exit, stdout]).toEqual([1, ''])
  expect(stderr).toMatch(new RegExp(`^error \\[${code}\\]: .*\n$`))
  expect(stderr).toContain(hint)
})

test('files with foreign columns are imported as guessed or named, and bad ones do not keep good ones out', async () => {
  const { loracle, json, folder } = await prepare()
  const rows = 'The cat sat on the mat.,Where?,on the mat\nThe dog ran far away.,Where to?,away\n'
  await writeFile(join(folder, 'german.csv'), `Absatz,Frage,Antwort\n${rows}`)
  await writeFile(join(folder, 'odd.csv'), `a,b,c\n${rows.replaceAll('mat', 'rug')}`)
  await writeFile(join(folder, 'poor.csv'), 'a,b\n1,2\n')
  await writeFile(join(folder, 'paper.md'), '# Cats\n\nA cat is an animal that sleeps most of the day.\n')
  await loracle('project', 'create', 'Pets').finished
  const mixed = await loracle('import', 'german.csv', 'poor.csv', 'paper.md', '--project', 'Pets').finished
  expect(mixed.code).toBe(1)
  expect(mixed.stderr).toContain(
    'german.csv: context from Absatz, question from Frage, answer from Antwort\n',
  )
  expect(mixed.stderr).toMatch(/^error \[mapping_incomplete\]: No column of poor\.csv .* are a, b\. .*--map/m)
  expect(mixed.stdout).toContain('german.csv: 2 examples\npaper.md: 1 passage\n')
  const named = ['--map', 'context=a', '--map', 'question=b', '--map', 'answer=c']
  const lines = await json('import', 'odd.csv', '--project', 'Pets', '--as', 'test', ...named)
  expect(lines.at(-1)).toMatchObject({ type: 'summary', imported: 1, failed: 0, examples: 4 })
  expect(lines).toContainEqual(expect.objectContaining({ type: 'source', use: 'test', examples: 2 }))
  const absent = await loracle('import', 'odd.csv', '--project', 'Pets', '--map', 'answer=cc').finished
  expect([absent.code, absent.stderr]).toEqual([1, expect.stringContaining('Its columns are a, b, c.')])
})

posix('Ctrl-C during an import leaves nothing of it', async () => {
  const { loracle, json, folder } = await prepare()
  await loracle('project', 'create', 'Big').finished
  const line = (i: number) =>
    JSON.stringify({ context: `The number ${i} is here.`, question: 'Which?', answer: `number ${i}` })
  await writeFile(join(folder, 'small.jsonl'), `${line(-1)}\n`)
  await writeFile(join(folder, 'big.jsonl'), Array.from({ length: 150_000 }, (_, i) => line(i)).join('\n'))
  const running = loracle('import', 'small.jsonl', 'big.jsonl', '--project', 'Big')
  await running.sees('importing big.jsonl')
  running.child.kill('SIGINT')
  const { code, stderr } = await running.finished
  expect([code, stderr]).toEqual([130, expect.stringContaining('error [cancelled]: ')])
  expect(await json('project', 'list')).toMatchObject([{ examples: 0, passages: 0 }])
})

test('a project is trained, and its newest run evaluated, asked and its answers written', async () => {
  const { folder, home, train, loracle, json } = await prepareProject()
  const missing = await loracle('train', '--project', 'Notes').finished
  expect([missing.code, missing.stderr]).toEqual([
    1,
    expect.stringMatching(/^error \[run_not_ready\]: .*\n$/),
  ])
  expect((await loracle('evaluate', '--project', 'Notes').finished).stderr).toContain('[model_missing]')
  const trained = await train().finished
  expect(trained.code).toBe(0)
  expect(trained.stderr).toContain(`run folder  ${join(home, 'projects')}`)
  expect(trained.stdout).toMatch(/^all +5 {2}EM /m)
  expect(trained.stdout).toContain("npx loracle ask --project Notes --question '")
  expect(await json('project', 'list')).toMatchObject([{ runs: 1, lastRun: { status: 'finished' } }])

  const lines = jsonLines((await train('--json').finished).stdout)
  const result = lines.find(({ type }) => type === 'result')
  expect(lines[0]).toMatchObject({ type: 'run', resumed: false })
  expect(lines.filter(({ type }) => type === 'step')).toHaveLength(15)
  expect(lines.at(-1)).toMatchObject({ type: 'summary', steps: 15, after: { count: 5 } })

  const evaluated = (await json('evaluate', '--project', 'Notes')).at(-1)
  expect(evaluated).toMatchObject({ kind: 'evaluate', scores: result?.['after'] })
  expect((await loracle('predict', '--project', 'Notes', '--out', 'p.json').finished).code).toBe(0)
  const predictions = JSON.parse(await readFile(join(folder, 'p.json'), 'utf8')) as object
  expect(Object.keys(predictions).sort()).toEqual(['q40', 'q41', 'q42', 'q43', 'q44'])
  const asked = await json('ask', '--project', 'Notes', '--question', 'Which is short?')
  expect(asked.at(-1)).toMatchObject({ type: 'answer', runName: 'Run 2', base: {}, tuned: {} })
  const text = ['--question', 'Which?', '--context', 'The one is short.']
  expect((await json('ask', '--project', 'Notes', ...text)).at(-1)).toMatchObject({ base: {}, tuned: {} })
  const nothing = await loracle('ask', '--project', 'Notes', '--question', 'xylophone').finished
  expect(nothing.stdout).toBe("(No passage of the project's documents fits this question.)\n")
})

posix(
  'another command on the same home is told so; Ctrl-C pauses, and --resume goes on in the store',
  async () => {
    const { train, loracle, json } = await prepareProject()
    const running = train('--set=epochs=5000')
    await running.sees('step 1/')
    const trainers = childrenOf(running.child.pid)
    const second = await loracle('project', 'list').finished
    expect([second.code, second.stdout]).toEqual([1, ''])
    expect(second.stderr).toMatch(/^error \[store_in_use\]: .*\n$/)
    running.child.kill('SIGINT')
    const paused = await running.finished
    expect([paused.code, trainers.map(isAlive)]).toEqual([130, [false]])
    const runDir = /train --resume (\S+)\n/.exec(paused.stdout)?.[1] ?? ''
    expect(paused.stdout).toContain('Go on in the window, or with:')
    expect(await json('project', 'list')).toMatchObject([{ lastRun: { status: 'paused' } }])

    const again = loracle('train', '--resume', runDir)
    await again.sees('going on in')
    await again.sees(' epoch ')
    const others = childrenOf(again.child.pid)
    again.child.kill('SIGINT')
    await again.sees('Stopping')
    again.child.kill('SIGINT')
    await again.finished
    expect(others.map(isAlive)).toEqual([false])
    const [project] = await json('project', 'list')
    expect(['paused', 'interrupted']).toContain((project?.['lastRun'] as { status: string }).status)
  },
)

posix('a run whose command was killed is gone on with, and the store has its end', async () => {
  const { train, loracle, json } = await prepareProject()
  const running = train('--set=epochs=120', '--json')
  await running.sees('"type":"checkpoint"')
  const runDir = String(jsonLines(running.seen().split('\n')[0] ?? '')[0]?.['runDir'])
  running.child.kill('SIGKILL')
  await running.finished
  expect(await json('project', 'list')).toMatchObject([{ lastRun: { status: 'interrupted' } }])
  const resumed = await loracle('train', '--resume', runDir, '--json').finished
  expect(resumed.code).toBe(0)
  expect(jsonLines(resumed.stdout)[0]).toMatchObject({ type: 'run', runDir, resumed: true })
  expect(await json('project', 'list')).toMatchObject([{ runs: 1, lastRun: { status: 'finished' } }])
  const over = await loracle('train', '--resume', runDir).finished
  expect([over.code, over.stderr]).toEqual([1, expect.stringContaining('[run_state]')])
})
