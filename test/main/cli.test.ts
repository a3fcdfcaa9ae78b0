import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { describeSettings } from '../../trainer/protocol.ts'
import { jsonLines, start } from './spawn-cli.ts'

let folder = ''
let data = ''
let predictions = ''

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'loracle-cli-'))
  data = join(folder, 'data.json')
  predictions = join(folder, 'predictions.json')
  const context = 'The verifier checks the secret. The claimant holds it.'
  const qas = [
    {
      id: 'a',
      question: 'Who checks?',
      answers: [{ text: 'The verifier', answer_start: 0 }],
      is_impossible: false,
    },
    {
      id: 'b',
      question: 'Who holds it?',
      answers: [{ text: 'claimant', answer_start: 36 }],
      is_impossible: false,
    },
    { id: 'c', question: 'Who pays?', answers: [], is_impossible: true },
  ]
  await writeFile(
    data,
    JSON.stringify({ version: 'v2.0', data: [{ title: 'T', paragraphs: [{ context, qas }] }] }),
  )
  await writeFile(join(folder, 'marked.json'), '\uFEFF{"rnak":8}')
  await writeFile(predictions, JSON.stringify({ a: 'verifier', b: 'the claimant holds', c: '' }))
})

afterAll(() => rm(folder, { recursive: true, force: true }))

const loracle = (...args: string[]) => start('main/hosts/cli/main.ts', args, folder).finished

describe('help', () => {
  test.each([[[]], [['--help']], [['help']]])('loracle %j lists every command', async (args) => {
    const { code, stdout, stderr } = await loracle(...args)
    expect(code).toBe(0)
    for (const name of [
      'quickstart',
      'project',
      'inspect',
      'import',
      'export-data',
      'adapter',
      'export',
      'train',
      'evaluate',
      'predict',
      'score',
      'ask',
      'doctor',
    ])
      expect(stdout).toMatch(new RegExp(`^  ${name} `, 'm'))
    expect(stderr).toBe('')
  })

  test('loracle train --help lists every option and every setting with its default and sentence', async () => {
    const { code, stdout } = await loracle('train', '--help')
    expect(code).toBe(0)
    for (const option of [
      '--model DIR',
      '--data FILE',
      '--validation FILE',
      '--out DIR',
      '--config FILE.json',
    ])
      expect(stdout).toContain(option)
    for (const { name, defaultValue, description } of describeSettings()) {
      const line = stdout.split('\n').find((one) => one.startsWith(`  ${name} `))
      expect(line).toContain(` ${JSON.stringify(defaultValue)} `)
      expect(line).toContain(description)
    }
  })

  test('with --json help goes to standard error', async () => {
    const { code, stdout, stderr } = await loracle('score', '--help', '--json')
    expect([code, stdout]).toEqual([0, ''])
    expect(stderr).toContain('Usage: loracle score')
  })

  test('loracle --version prints the version', async () => {
    expect((await loracle('--version')).stdout).toMatch(/^\d+\.\d+\.\d+\n$/)
    expect(jsonLines((await loracle('--version', '--json')).stdout)).toEqual([
      { type: 'version', version: expect.stringMatching(/^\d/) as string },
    ])
  })
})

describe("a person's mistakes", () => {
  const mistakes: readonly [args: string[], code: string, hint: string][] = [
    [['trian'], 'usage', 'Did you mean train?'],
    [['score', '--dta', 'x'], 'usage', 'Did you mean --data?'],
    [['score', '--data', 'x'], 'usage', 'needs --predictions FILE'],
    [['score', '--data', '--json'], 'usage', '--data needs a value'],
    [['score', '--data', 'x', '--data', 'y'], 'usage', 'given twice'],
    [['score', 'x'], 'usage', 'every value follows its option'],
    [
      ['train', '--model', '.', '--data', 'data.json', '--set', 'rnak=8'],
      'setting_unknown',
      'Did you mean rank?',
    ],
    [
      ['train', '--model', '.', '--data', 'data.json', '--set', 'epochs=1', 'rank=no'],
      'setting_invalid',
      'rank',
    ],
    [['train', '--model', 'nowhere', '--data', 'data.json'], 'file_missing', 'nowhere does not exist'],
    [['train', '--model', '.', '--data', 'nothing.json'], 'file_missing', 'nothing.json does not exist'],
    [['train', '--model', 'data.json', '--data', 'data.json'], 'file_invalid', "name the model's folder"],
    [['train', '--model', '.', '--data', '.'], 'file_invalid', 'is a folder'],
    [
      ['train', '--model', '.', '--data', 'data.json', '--config', 'no.json'],
      'file_missing',
      'no.json does not exist',
    ],
    [
      ['train', '--model', '.', '--data', 'data.json', '--out', 'data.json'],
      'file_invalid',
      'data.json is a file',
    ],
    [
      ['train', '--model', '.', '--data', 'data.json', '--config', 'marked.json'],
      'setting_unknown',
      'Did you mean rank?',
    ],
    [['train', '--resume', 'elsewhere'], 'checkpoint_invalid', 'is not a run folder'],
    [['train', '--resume', 'elsewhere', '--set', 'rank=8'], 'usage', 'leave --set out'],
    [['ask', '--model', '.', '--question', 'Who?'], 'usage', '--context TEXT or --context-file FILE'],
    [['ask', '--model', '.', '--question', 'Who?', '--context-file', 'no.txt'], 'file_missing', 'no.txt'],
    [
      ['evaluate', '--model', '.', '--adapter', 'no', '--data', 'data.json'],
      'file_missing',
      'adapter folder',
    ],
  ]
  test.each(mistakes)('loracle %j is %s', async (args, code, hint) => {
    const plain = await loracle(...args)
    if (!args.includes('--json')) {
      expect([plain.code, plain.stdout]).toEqual([1, ''])
      expect(plain.stderr).toMatch(new RegExp(`^error \\[${code}\\]: .*\n$`))
      expect(plain.stderr).toContain(hint)
    }
    const json = await loracle(...args, '--json')
    expect([json.code, json.stderr]).toEqual([1, ''])
    const [line, ...more] = jsonLines(json.stdout)
    expect(more).toEqual([])
    expect(line).toMatchObject({
      type: 'error',
      error: { code, message: expect.stringContaining(hint) as string },
    })
  })

  test('leaves no run folder behind', async () => {
    expect(await readdir(folder)).toEqual(['data.json', 'marked.json', 'predictions.json'])
  })
})

describe.each(['main/hosts/cli/main.ts', 'out/main/cli.js'])('%s', (script) => {
  test('score gives the official figures in a trainer process', async () => {
    const plain = await start(script, ['score', '--data', data, '--predictions', predictions]).finished
    expect(plain.code).toBe(0)
    expect(plain.stdout).toMatch(/^exact +66\.6667$/m)
    expect(plain.stdout).toMatch(/^HasAns_total +2$/m)

    const json = await start(script, ['score', '--data', data, '--predictions', predictions, '--json'])
      .finished
    const lines = jsonLines(json.stdout)
    expect(lines).toHaveLength(1)
    expect(lines[0]).toMatchObject({
      type: 'result',
      kind: 'score',
      missing: 0,
      squad: { total: 3, NoAns_exact: 100 },
    })
  })

  test('a damaged file is an error of the trainer, told in one line', async () => {
    const broken = join(folder, 'data.json.broken')
    await writeFile(broken, '{"data": [')
    const { code, stdout, stderr } = await start(script, [
      'score',
      '--data',
      broken,
      '--predictions',
      predictions,
    ]).finished
    await rm(broken)
    expect([code, stdout]).toEqual([1, ''])
    expect(stderr).toMatch(/(^|\n)error \[(file|data)_invalid\]: .*\n$/)
  })
})
